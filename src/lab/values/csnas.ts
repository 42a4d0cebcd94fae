import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { parseCell } from "../../space";
import {
  CSNAS_ARMS,
  type CsnasArmName,
  type CsnasArmSummary,
  type CsnasSummary,
  type ScoreAgreement,
  type StoredCsnas,
  smallCellCode,
  storedCsnas,
  summariseCsnas,
  usualChoice,
} from "../../systems/csnas";
import type { MeanInterval } from "../../systems/search-comparison";
import { rankScatter, studyPanels } from "../../viz";
import { FigureView } from "../display/figure-view";
import { estimateWords, meanWords } from "../display/interval-words";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";
import { LabCells } from "./cells";

/** What the issue of label-free search stands or falls with: UnNAS (Liu et al., ECCV 2020) reports more than this rank correlation. */
const UNNAS_RHO = 0.8;
/** A choice without labels that loses less, in points, is taken for as good: set before any result. */
const MARGIN = 0.5;

/**
 * CSNAS: cells scored without labels and with. `npx blockwise study csnas` made the trainings and the searches, all figures are
 * computed from them here.
 */
export class LabCsnas implements Displayable {
  readonly summary: CsnasSummary;

  constructor(readonly stored: StoredCsnas) {
    this.summary = summariseCsnas(stored);
  }

  /** The figures of one search: "random", "tpe", "random-released", "tpe-released", "tpe-labels". */
  of(arm: CsnasArmName): CsnasArmSummary {
    return this.summary.arms.find((one) => one.arm === arm)!;
  }

  /** The network that most seeds of a search chose, drawn and counted. */
  choice(arm: CsnasArmName): LabCells {
    const { arms, cells, settings } = this.stored;
    const key = Object.keys(cells)[usualChoice(arms[arm])];
    const cell = parseCell(key.replaceAll("*", ""), { output: "all" });
    return new LabCells(smallCellCode("repaired", settings).architecture(cell));
  }

  /** How each score orders the networks. */
  agreement(): Table {
    const { labelFree, params, macs, forms, ceiling, networks } = this.summary;
    const row = (name: string, { networks: count, rho, tau, givenSize }: ScoreAgreement, sized = true) => [
      name,
      count,
      estimateWords(rho),
      tau.toFixed(2),
      sized ? estimateWords(givenSize) : "",
    ];
    return new Table({
      title: "Which networks are accurate? What each score says",
      columns: ["score", "networks", "rho (95 %)", "tau-b", "given log parameters (95 %)"],
      rows: [
        row("contrastive loss, no label seen", labelFree),
        row("parameters", params, false),
        row("multiply-adds", macs),
        row("InfoNCE, as the released code (the same networks as below)", forms.infonce),
        row("PIRL's form, each pair judged alone", forms.pirl),
      ],
      note: `Against the test accuracy of each of ${networks} networks after training with labels; a lower loss counts as better. rho: Spearman's. Given log parameters: the correlation of ranks that is left when both are predicted from the size. 95 %: bootstrap over networks. Two trainings with labels agree with rho ${estimateWords(ceiling.labelled)}, two without with ${estimateWords(ceiling.labelFree)}.`,
    });
  }

  /** Other trainings without labels: does one order the networks better? */
  variants(): Table {
    const { variants } = this.summary;
    const { epochs, learningRate } = this.stored.settings.contrastive;
    return new Table({
      title: "What was tried for a score that knows more",
      columns: ["training without labels", "networks", "rho (95 %)", "given log parameters (95 %)"],
      rows: variants.map(({ title, agreement: { networks, rho, givenSize } }) => [
        title,
        networks,
        estimateWords(rho),
        estimateWords(givenSize),
      ]),
      note: `The same networks in all rows; as in the table: ${epochs} epochs, learning rate ${learningRate}, temperature 0.07.`,
    });
  }

  /** Test accuracy with labels against the loss without. */
  scatter(): FigureView {
    const { labelFree } = this.summary;
    const points = Object.entries(this.stored.cells)
      .filter(([, [loss, , test]]) => Number.isFinite(loss) && Number.isFinite(test))
      .map(([key, [predicted, , actual, macs]]) => ({ key, predicted, actual, macs }));
    return new FigureView(
      rankScatter({
        points,
        tau: labelFree.tau,
        title: "Does the loss without labels know which networks are accurate?",
        predictedTitle: "contrastive loss (nats, lower is better)",
        actualTitle: "test accuracy with labels (%)",
      }),
    );
  }

  /** Lowest loss seen against evaluations: TPE by both codes, random search in grey. */
  curves(): FigureView {
    const series = (arm: CsnasArmName) => {
      const { x, lower, median, upper } = this.of(arm).curve;
      return {
        name: CSNAS_ARMS[arm].title,
        x,
        y: median,
        interval: x.map((_, i): [number, number] => [lower[i], upper[i]]),
      };
    };
    const best = Math.min(...Object.values(this.stored.cells).flatMap(([loss]) => (Number.isFinite(loss) ? loss : [])));
    return new FigureView(
      studyPanels({
        title: "Does TPE find a low loss sooner than chance?",
        subtitle: `lowest loss seen; lines: medians of ${this.stored.searches.seeds} seeds, bands: quartiles`,
        series: (["tpe", "tpe-released", "random-released"] as const).map(series),
        reference: series("random"),
        level: { name: `lowest of the table (${best.toFixed(2)})`, y: best },
        xTitle: "networks evaluated",
        yTitle: "loss (nats)",
        yFrom: 5,
        columns: 3,
      }),
    );
  }

  /** What every search finds. */
  searches(): Table {
    const { evaluations, seeds } = this.stored.searches;
    return new Table({
      title: "Searches of the table",
      columns: ["search", "networks that score better (%)", "evaluations to random's end", "test accuracy (%)"],
      rows: this.summary.arms.map(({ arm, ahead, needed, test }) => [
        CSNAS_ARMS[arm].title,
        meanWords(ahead),
        arm === "tpe-labels" ? "" : (needed?.toFixed(1) ?? `more than ${evaluations}`),
        meanWords(test),
      ]),
      note: `Means of ${seeds} seeds with 95 % intervals, ${evaluations} evaluations each. Networks that score better: of the whole table, by the score that the search goes by. Evaluations: the median until a loss is seen as low as random search with the same code ends at. Test accuracy: of the choice, in the table.`,
    });
  }

  /** What genes are worth in the released code and in the repaired one. */
  codes(): Table {
    return new Table({
      title: "What a gene is worth",
      columns: ["code", "nodes", "operations", "changes that change nothing (%)", "edges that read an input (%)"],
      rows: this.summary.codes.map(({ code, nodes, ops, silent, fromInputs }) => [
        code,
        nodes,
        ops,
        (100 * silent).toFixed(1),
        (100 * fromInputs).toFixed(1),
      ]),
      note: "Random codes, each changed in one gene; the lower size is the study's, the higher one the paper's. In the released code the edges from the lowest-numbered states win.",
    });
  }

  /** How much of the classes a linear classifier finds in what was learnt without labels. */
  probes(): Table {
    const { probe } = this.stored.settings;
    return new Table({
      title: "Linear probe",
      columns: ["cell", "what it is", "after training (%)", "before training (%)"],
      rows: this.summary.probes.map(({ key, what, probe: after, untrained }) => [
        key,
        what.join(", "),
        meanWords(after),
        meanWords(untrained),
      ]),
      note: `Test accuracy of a linear classifier of the features after ${probe.epochs} epochs without labels, and of the same network's before; means of ${probe.seeds.length} seeds with 95 % intervals.`,
    });
  }

  /** What is true of these trainings and searches. */
  findings(): Findings {
    const { labelFree, params, macs, ceiling, differences, final, diverged, networks, forms } = this.summary;
    const repaired = differences.find(({ code }) => code === "repaired")!;
    const released = differences.find(({ code }) => code === "released")!;
    const reaches = labelFree.rho.value >= 0.7;
    const { variants } = this.summary;
    return findings([
      `Without labels the networks are ordered with rho ${estimateWords(labelFree.rho)}: ${reaches ? "at least" : "less than"} the 0.7 that was asked for, ${labelFree.rho.value > UNNAS_RHO ? "above" : "below"} UnNAS' ${UNNAS_RHO} (other pretext tasks and spaces). The ceiling of trainings with labels is ${estimateWords(ceiling.labelled)}, that of the loss itself ${estimateWords(ceiling.labelFree)}.`,
      `Size explains ${Math.abs(params.rho.value) >= Math.abs(labelFree.rho.value) ? "as much or more" : "less"}: parameters order them with rho ${estimateWords(params.rho)}, multiply-adds with ${estimateWords(macs.rho)}. Given log parameters ${estimateWords(labelFree.givenSize)} is left of the loss: ${sideWords(labelFree.givenSize.interval, "it says something beyond the size", "beyond the size it is wrong more often than right", "beyond the size it is not told apart from chance")}.`,
      `On ${forms.pirl.networks} networks the two forms of the loss have rho ${estimateWords(forms.infonce.rho)} (InfoNCE, released) and ${estimateWords(forms.pirl.rho)} (PIRL's).`,
      ...(variants.length > 0 ? [this.tried()] : []),
      `TPE against random search of the same seeds: the lowest loss seen, averaged over all evaluations, differs by ${meanWords(repaired.area)} nats with the repaired code (${lower(repaired.area)}), by ${meanWords(released.area)} with the released one (${lower(released.area)}); at the end by ${meanWords(repaired.final)} (${lower(repaired.final)}) and ${meanWords(released.final)} (${lower(released.final)}).`,
      `Test accuracy in the table, repaired code: TPE's choices ${meanWords(this.of("tpe").test)} %, random search's ${meanWords(this.of("random").test)} %, those of TPE with labels ${meanWords(this.of("tpe-labels").test)} %.`,
      `After longer trainings the choices without labels are ${meanWords(final.labelFree)} % accurate, those with labels ${meanWords(final.labelled)} %: a difference of ${meanWords(final.difference)} points, ${withinMargin(final.difference)}. ${this.stored.searches.seeds} seeds chose ${final.choices[0]} different networks without labels, ${final.choices[1]} with; each was trained from ${final.trainings} seeds, which the intervals are over.`,
      `${diverged[0]} of ${networks} trainings without labels diverged, ${diverged[1]} with.`,
    ]);
  }

  private tried(): string {
    const { variants } = this.summary;
    const { labelFree, networks } = this.summary;
    const [own, ...others] = variants;
    const best = others.reduce((a, b) => (b.agreement.rho.value > a.agreement.rho.value ? b : a));
    const said = others.map(({ title, agreement }) => `${agreement.rho.value.toFixed(2)} by ${title}`).join(", ");
    const left = variants.map(({ agreement }) => agreement.givenSize.value.toFixed(2)).join(", ");
    return `Of ${others.length} other trainings without labels the best on ${own.agreement.networks} networks is ${best.title}: rho ${estimateWords(best.agreement.rho)}, where the table's own training has ${estimateWords(own.agreement.rho)} on the same (on all ${networks}: ${labelFree.rho.value.toFixed(2)}). All: ${said}. Given log parameters, the table's own first: ${left}.`;
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.agreement(), this.scatter());
  }
}

/** By where an interval lies: above zero, below, around it. */
function sideWords([low, high]: readonly [number, number], above: string, below: string, around: string): string {
  if (low > 0) return above;
  return high < 0 ? below : around;
}

/** Whose loss is lower, by TPE's less random search's. */
function lower({ mean, interval = [mean, mean] }: MeanInterval): string {
  return sideWords(interval, "random is lower", "TPE is lower", "not told apart");
}

function withinMargin({ mean, interval = [mean, mean] }: MeanInterval): string {
  if (interval[0] > -MARGIN) return `no worse than by ${MARGIN} points`;
  return interval[1] < -MARGIN
    ? `worse by more than ${MARGIN} points`
    : `worse by more than ${MARGIN} points or not: open`;
}

/**
 * The stored scores and searches of CSNAS' study.
 * @param path Of a file that `npx blockwise study csnas` wrote; the one that ships with Blockwise when left out.
 * @throws DataError when there is none.
 */
export function csnas(path?: string): LabCsnas {
  return new LabCsnas(storedCsnas(path));
}
