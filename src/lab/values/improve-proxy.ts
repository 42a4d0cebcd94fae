import { DataError, formatCount } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import { storedRatings } from "../../study/ranking";
import {
  type ImproveProxyArm,
  type ImproveProxySummary,
  kendallTauB,
  type RawRatings,
  ratingsOfImproveProxy,
  readTruth,
  type StoredImproveProxy,
  storedImproveProxy,
  summariseImproveProxy,
} from "../../systems/dna-studies";
import type { MeanInterval } from "../../systems/search-comparison";
import { rankScatter } from "../../viz";
import { FigureView } from "../display/figure-view";
import { estimateWords, meanWords } from "../display/interval-words";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";

/**
 * A proxy as the trainings of `ratings.improve`, beside full ones: `npx blockwise study improve-proxy` trained the networks, all
 * figures are computed from them, the ratings and NAS-Bench-Macro's table here.
 */
export class LabImproveProxy implements Displayable {
  readonly summary: ImproveProxySummary;

  constructor(
    readonly stored: StoredImproveProxy,
    ratings: RawRatings,
  ) {
    this.summary = summariseImproveProxy(stored, ratings, readTruth());
  }

  /** The ratings as they are, and as trainings by the proxy and in full make them. */
  table(): Table {
    const { networks, proxy, epochs, data, budgets, picked } = this.stored.settings;
    return new Table({
      title: `Ratings of NAS-Bench-Macro's networks before and after ${networks} trainings`,
      columns: [
        "trainings",
        "multiply-adds",
        "processor seconds",
        "tau-b",
        "equal MACs",
        "regret of twelve picks (points)",
        "picks trained here (%)",
      ],
      rows: this.summary.arms.map((one) => [
        this.titleOf(one.name),
        formatCount(one.trainingMacs),
        one.seconds.toFixed(0),
        one.tau.toFixed(3),
        one.concordance.toFixed(3),
        one.regret.toFixed(2),
        meanWords(one.picked),
      ]),
      note: `One run: seed ${this.stored.settings.seed}, ratings of seed ${this.stored.settings.ratings}; networks proposed for budgets of ${budgets.map(formatCount).join(", ")} MACs. Trainings in full: ${formatCount(data.trainCount)} images of CIFAR-10, ${epochs} epochs; the proxy is ${proxy}. tau-b and equal MACs (of pairs of networks of equal cost, those in the right order less those in the wrong one, over all; tau-b and regret as in notebook 02): against the benchmark's accuracies, of the networks that neither loop trained. Picks trained here: test accuracy of what each would pick for the four budgets, after trainings in full from ${picked.seeds.length} other seeds, with 95 % intervals over budgets and seeds.`,
    });
  }

  /** The networks of the full loop, by the proxy and in full. */
  figure(): FigureView {
    const { loops, same, settings } = this.stored;
    const [predicted, actual] = [same, loops.full].map((list) => list.map(({ validation }) => validation));
    return new FigureView(
      rankScatter({
        points: loops.full.map(({ key }, i) => ({ key, predicted: predicted[i], actual: actual[i] })),
        tau: kendallTauB(predicted, actual),
        title: "Does the proxy order the networks as full trainings do?",
        predictedTitle: `validation accuracy by ${settings.proxy} (%)`,
        actualTitle: "validation accuracy in full (%)",
      }),
    );
  }

  /** What is true of this run. */
  findings(): Findings {
    const { cost, agreement, arms } = this.summary;
    const { proxy, networks } = this.stored.settings;
    const of = (name: ImproveProxyArm["name"]) => arms.find((one) => one.name === name)!;
    const [before, brief, full] = (["ratings", "proxy", "full"] as const).map(of);
    const [low, high] = agreement.loss.interval;
    const lost =
      low > 0 ? "more than chance explains" : high < 0 ? "the proxy is ahead" : "no more than chance may explain";
    return findings([
      `On the ${networks} networks of the loop by full trainings, trained both ways, ${proxy} takes ${cost.trainingMacs.toFixed(3)} of the multiply-adds of full trainings and ${cost.seconds.toFixed(2)} of their processor time.`,
      `The two order these networks alike with rho ${estimateWords(agreement.both)}. With the benchmark's accuracies the proxy has rho ${estimateWords(agreement.proxy)}, full trainings ${estimateWords(agreement.full)}; the proxy loses ${estimateWords(agreement.loss)}: ${lost}.`,
      `Against the benchmark, whose trainings are far longer: ${changed("full trainings", before, full)}; ${changed(`trainings by ${proxy}`, before, brief)}.`,
      `Trained as they are here, the networks that are picked for the four budgets reach ${meanWords(before.picked)} % with the ratings as they are; calibrated by full trainings ${meanWords(full.gain!)} points more (${told(full.gain!)}), by the proxy ${meanWords(brief.gain!)} (${told(brief.gain!)}).`,
      `What the proxy loses against full trainings: ${(full.gain!.mean - brief.gain!.mean).toFixed(2)} points of what is picked as it is trained here, ${(full.tau - brief.tau).toFixed(3)} of tau-b and ${(brief.regret - full.regret).toFixed(2)} points of regret against the benchmark (below zero: it is ahead). It is one run: the networks that a loop trains hang on what it has seen.`,
    ]);
  }

  private titleOf(name: ImproveProxyArm["name"]): string {
    const { networks, proxy } = this.stored.settings;
    if (name === "ratings") return "none, the ratings as they are";
    return name === "full" ? `${networks} in full` : `${networks} by ${proxy}`;
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.figure());
  }
}

function changed(what: string, before: ImproveProxyArm, after: ImproveProxyArm): string {
  return `${what} bring the regret of the picks from ${before.regret.toFixed(2)} to ${after.regret.toFixed(2)} points and tau-b from ${before.tau.toFixed(3)} to ${after.tau.toFixed(3)}`;
}

function told({ mean, interval: [low, high] = [mean, mean] }: MeanInterval): string {
  if (low > 0) return "more than chance explains";
  return high < 0 ? "fewer than chance explains" : "no more than chance may explain";
}

/**
 * The stored study of a proxy in the loop of `ratings.improve`.
 * @param path Of a file that `npx blockwise study improve-proxy` wrote.
 * @param ratings Folder of the ratings that it stands on; `02_dna_ranking` beside the file when left out.
 * @throws DataError when there is none, or the ratings lack those of its seed.
 */
export function improveProxy(path: string, ratings: string = ratingsOfImproveProxy(path)): LabImproveProxy {
  const stored = storedImproveProxy(path);
  const { ratings: seed } = stored.settings;
  const raw = storedRatings(ratings).raws.find((one) => one.seed === seed);
  if (raw) return new LabImproveProxy(stored, raw);
  throw new DataError(
    `improveProxy: ${ratings} must have the ratings of seed ${seed}, which ${path} stands on, and has not; make them with npx blockwise study ranking`,
    { ratings, seed },
  );
}
