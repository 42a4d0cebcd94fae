import { ConfigError, nearestName } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  PNAS_METHOD_TITLES,
  PNAS_METHODS,
  PNAS_TABLE_TITLES,
  PNAS_TABLES,
  type PnasMethod,
  type PnasSummary,
  type PnasTable,
  type PnasTableSummary,
  PREDICTOR_TITLES,
  PREDICTORS,
  type PredictorName,
  type StoredPnas,
  type StoredTable,
  storedPnas,
  storedTable,
  summarisePnas,
  type TriedName,
} from "../../systems/pnas";
import type { MeanInterval } from "../../systems/search-comparison";
import { studyPanels } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";

/** Searches that are held against random search. */
const RIVALS = PNAS_METHODS.filter((method) => method !== "random");

/** PNAS on tables of trained cells: `npx blockwise study pnas` made the runs, all figures are computed from them here. */
export class LabPnas implements Displayable {
  readonly summary: PnasSummary;

  constructor(
    readonly stored: StoredPnas,
    readonly table: StoredTable,
  ) {
    this.summary = summarisePnas(stored, table);
  }

  /** The figures of one table: "fashion" or "201". @throws ConfigError for another. */
  of(name: PnasTable): PnasTableSummary {
    const found = this.summary.tables.find(({ table }) => table === name);
    if (found) return found;
    const meant = nearestName(String(name), PNAS_TABLES);
    throw new ConfigError(
      `pnas: the table must be one of ${PNAS_TABLES.join(", ")}, got ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ""}`,
      { name },
    );
  }

  /** What the two tables have. */
  tables(): Table {
    const { quality } = this.summary;
    return new Table({
      title: "The cells that are searched",
      columns: ["table", "cells", "of them complete", "best validation accuracy (%)"],
      rows: this.summary.tables.map(({ table, cells, complete, best }) => [
        PNAS_TABLE_TITLES[table],
        cells,
        complete,
        best.toFixed(2),
      ]),
      note: `Two trainings of ${quality.again} cells of three blocks, from different seeds, agree with Spearman's rho ${quality.rho.toFixed(2)}; one training's standard deviation is ${quality.noise.toFixed(2)} points, the cells' ${quality.spread.toFixed(2)}.`,
    });
  }

  /** How well predictors order the cells that they were fitted to, others of that size, and larger ones. */
  predictors(): Table {
    const { trials, fitted } = this.stored.settings.agreement;
    return new Table({
      title: "Spearman's rho of predicted and true accuracies",
      columns: ["table", "fitted to", "predictor", "the fit's cells", "others of the size", "the next size"],
      rows: this.summary.agreement.map((one) => [
        PNAS_TABLE_TITLES[one.table],
        `${fitted[one.size]} cells of size ${one.size}`,
        PREDICTOR_TITLES[one.predictor],
        words(one.fitted),
        one.own ? words(one.own) : "not measured",
        words(one.next),
      ]),
      note: `Means of ${trials} random choices of the cells, with 95 % intervals. Size: blocks; of NAS-Bench-201 growth steps. Ridge regression is the control: the same tokens, no network.`,
    });
  }

  /**
   * Best validation accuracy seen, against evaluations: medians over seeds, quartiles as bands, a panel a search, random
   * search in grey.
   */
  curves(name: PnasTable): FigureView {
    const { searches, best } = this.of(name);
    const series = searches.map(({ method, curve: { x, lower, median, upper } }) => ({
      name: PNAS_METHOD_TITLES[method],
      x,
      y: median,
      interval: lower.map((low, i): [number, number] => [low, upper[i]]),
    }));
    const [random, ...others] = series;
    return new FigureView(
      studyPanels({
        title: `${PNAS_TABLE_TITLES[name]}: best accuracy seen`,
        subtitle: `lines: medians of ${this.stored.settings.seeds} seeds, bands: their quartiles`,
        series: others,
        reference: { name: "random search (median)", x: random.x, y: random.y },
        level: { name: `best of the table (${best.toFixed(2)} %)`, y: best },
        xTitle: "cells evaluated",
        yTitle: "validation (%)",
        xType: "log",
        columns: 3,
      }),
    );
  }

  /** Evaluations until a search has seen what random search has seen after more. */
  needed(): Table {
    return new Table({
      title: "Evaluations needed to reach what random search reaches",
      columns: [
        "table",
        "random search",
        "accuracy to reach (%)",
        ...RIVALS.map((method) => PNAS_METHOD_TITLES[method]),
      ],
      rows: this.summary.tables.flatMap(({ table, targets }) =>
        targets.map(({ random, accuracy, needed }) => [
          PNAS_TABLE_TITLES[table],
          random,
          accuracy.toFixed(2),
          ...RIVALS.map((method) => needText(needed[method], random)),
        ]),
      ),
      note: `Medians of ${this.stored.settings.seeds} seeds; in brackets the share of random search's evaluations. "not reached": not in half of the runs, which had ${this.stored.settings.longest} evaluations for PNAS with its networks, else as many as random search. All evaluations count, those of small cells too. Accuracies are validation accuracies, which searches go by.`,
    });
  }

  /** Settings of the MLP ensemble that were tried on our table, on seeds that are not reported. */
  tuning(): Table {
    const { targets } = this.of("fashion");
    const { random, accuracy } = targets[targets.length - 1];
    const { from, to } = this.stored.settings.tuning.seeds;
    return new Table({
      title: `Settings of the MLP ensemble, ${PNAS_TABLE_TITLES.fashion}`,
      columns: ["settings", "evaluations needed", "reached by"],
      rows: this.summary.tuning.map(({ name, needed, reached, runs }) => [
        name,
        needText(needed, random),
        `${reached} of ${runs}`,
      ]),
      note: `Evaluations until ${accuracy.toFixed(2)} % is seen, which random search has seen after ${random}: medians over seeds ${from} to ${to}, none of which is reported elsewhere; in brackets the share of random search's. Each is the reported one but for what its name says. The table is the same as the reported one, the seeds are not: a setting that was chosen here may still fit this table by chance.`,
    });
  }

  /** What is true of these runs. */
  findings(): Findings {
    const { published, quality } = this.summary;
    return findings([
      "Published (abstract): up to 5 times fewer models than reinforcement learning in the same space. The rival here is random search.",
      ...this.summary.tables.map((table) => this.efficiency(table)),
      ...this.summary.tables.map((table) => this.control(table)),
      ...this.summary.tables.map((table) => this.tested(table)),
      this.settings(),
      this.extrapolation(),
      this.ensembles(),
      `The table's noise: two trainings of ${quality.again} cells agree with rho ${quality.rho.toFixed(2)}, so that a predictor that knew every cell's mean accuracy would still order single trainings with a rho of about ${Math.sqrt(Math.max(0, quality.rho)).toFixed(2)}.`,
      `PNASNet-5's cell reaches ${published.accuracy.toFixed(2)} % validation accuracy in the small network (mean of ${published.bySeed.length} seeds), more than ${published.percentile.toFixed(0)} % of ${published.randoms.length} random cells of its space; by single seeds, ${published.bySeed.map((one) => one.toFixed(0)).join(", ")} %.`,
    ]);
  }

  private efficiency({ table, targets }: PnasTableSummary): string {
    const { accuracy, needed, random, reached } = targets[targets.length - 1];
    const { seeds, times } = this.stored.settings;
    const own = needed.pnas;
    const begin = `${PNAS_TABLE_TITLES[table]}: random search has seen ${accuracy.toFixed(2)} % after ${random} evaluations (median of ${seeds} seeds), ${times} times the ${Math.round(random / times)} of PNAS;`;
    if (own === undefined)
      return `${begin} PNAS does not reach that in half of its runs (${reached.pnas} of ${seeds} do).`;
    const share = own / random;
    return `${begin} PNAS needs ${own} for that, ${share.toFixed(2)} of them: ${share <= 1 / 3 ? "at most a third" : "more than a third"} (${reached.pnas} of ${seeds} runs reach it).`;
  }

  /** Whether growing is what helps. */
  private control({ table, targets }: PnasTableSummary): string {
    const { needed, random } = targets[targets.length - 1];
    return `${PNAS_TABLE_TITLES[table]}, with ridge regression for the predictor: ${needText(needed["pnas-ridge"], random)} by growing, ${needText(needed["smbo-ridge"], random)} without growing, on complete cells from the start.`;
  }

  private tested({ table, searches, targets }: PnasTableSummary): string {
    const of = (method: PnasMethod) => searches.find((one) => one.method === method)!.test;
    const { random } = targets[targets.length - 1];
    return `${PNAS_TABLE_TITLES[table]}, test accuracy of the choice: ${words(of("random"), 2)} % by random search after ${random} evaluations; after ${Math.floor(random / 3)}, PNAS ${words(of("pnas"), 2)} %, without growing ${words(of("smbo-ridge"), 2)} %.`;
  }

  /** How much hangs on the predictor's settings. */
  private settings(): string {
    const { tuning } = this.summary;
    const { targets } = this.of("fashion");
    const { random } = targets[targets.length - 1];
    const within = tuning.filter(({ needed }) => needed !== undefined && needed <= random / 3).length;
    const needs = (name: TriedName) => needText(tuning.find((one) => one.name === name)!.needed, random);
    return `${PNAS_TABLE_TITLES.fashion}, seeds that are not reported: with embeddings averaged over blocks, as the paper has them, PNAS needs ${needs("reported")}; with their sum, which we had first, ${needs("sum over blocks")}. Of ${tuning.length} settings that were tried ${within} need at most a third of random search's evaluations, so the result hangs on the predictor's details.`;
  }

  /** Extrapolation to the next size, against the own size. */
  private extrapolation(): string {
    const next = (size: number, predictor: PredictorName) =>
      this.summary.agreement.find((one) => one.table === "fashion" && one.size === size && one.predictor === predictor)!
        .next;
    const apart = (low: MeanInterval, high: MeanInterval) =>
      (low.interval?.[1] ?? low.mean) < (high.interval?.[0] ?? high.mean);
    const harder = PREDICTORS.filter((one) => apart(next(1, one), next(2, one)));
    const easier = PREDICTORS.filter((one) => apart(next(2, one), next(1, one)));
    const lower = this.summary.agreement.filter((one) => one.next.mean < one.fitted.mean).length;
    const named = (of: readonly PredictorName[]) =>
      of.length === 0 ? "none" : of.map((one) => PREDICTOR_TITLES[one]).join(", ");
    return `The paper's message as we recall it, not checked against its text: predictors order cells of the next size worse than those they were fitted to, and worst from one block. Here rho is lower for the next size in ${lower} of ${this.summary.agreement.length} cases. The step from one block to two is harder than the one from two to three for ${named(harder)}, easier for ${named(easier)} (of ${PREDICTORS.length} predictors, those whose intervals do not overlap).`;
  }

  /** The paper averages five networks. */
  private ensembles(): string {
    const next = (predictor: PredictorName) =>
      this.summary.agreement.filter((one) => one.predictor === predictor).map((one) => one.next.mean);
    const wins = (single: PredictorName, ensemble: PredictorName) =>
      next(ensemble).filter((rho, i) => rho > next(single)[i]).length;
    const places = next("mlp").length;
    return `For the next size, five networks order better than one in ${wins("mlp", "mlp-ensemble")} of ${places} places for the MLP and ${wins("lstm", "lstm-ensemble")} of ${places} for the LSTM; the MLP ensemble has ${list(next("mlp-ensemble"))}, the LSTM ensemble ${list(next("lstm-ensemble"))}, ridge regression ${list(next("ridge"))}.`;
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.needed(), this.curves("fashion"), this.curves("201"));
  }
}

function list(values: readonly number[]): string {
  return values.map((value) => value.toFixed(2)).join(", ");
}

function needText(needed: number | undefined, random: number): string {
  return needed === undefined ? "not reached" : `${needed} (${(needed / random).toFixed(2)})`;
}

function words({ mean, interval }: MeanInterval, digits = 2): string {
  if (!interval) return mean.toFixed(digits);
  return `${mean.toFixed(digits)} (${interval[0].toFixed(digits)} to ${interval[1].toFixed(digits)})`;
}

/**
 * The stored searches of PNAS.
 * @param path Of a file that `npx blockwise study pnas` wrote; the one that ships with Blockwise when left out.
 * @param table Of a table of trained cells that `npx blockwise study pnas-table` wrote; the one that ships when left out.
 * @throws DataError when there is none.
 */
export function pnas(path?: string, table?: string): LabPnas {
  return new LabPnas(storedPnas(path), storedTable(table));
}
