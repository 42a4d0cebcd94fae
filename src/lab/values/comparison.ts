import { ConfigError, DataError, nearestName } from "../../core";
import { DISPLAY, type Displayable, type MimeBundle } from "../../display-protocol";
import {
  comparisonSummary,
  METHOD_TITLES,
  METHODS,
  type MeanInterval,
  type MethodSummary,
  type StoredComparison,
  storedComparison,
  TABLE_TITLES,
  TABLES,
  type TableName,
  type TableSummary,
} from "../../systems/search-comparison";
import { studyDots, studyPanels } from "../../viz";
import { FigureView } from "../display/figure-view";
import { showTogether } from "../display/show";
import { Table } from "../display/table";
import { type Findings, findings } from "../words/findings";

/** Where curves run along. */
const AXES = {
  evaluations: { title: "networks trained", words: "networks trained" },
  cost: { title: "cost (mean trainings)", words: "training cost, in trainings of the mean network (by multiply-adds)" },
};
/** Curves rise steeply until then: the y axis is not widened for it. */
const LEFT_OUT = 5;

/** Searchers compared on tables of truth: `npx blockwise study compare` made the runs, all figures are computed from them here. */
export class LabComparison implements Displayable {
  readonly summaries: readonly TableSummary[];

  constructor(readonly stored: StoredComparison) {
    this.summaries = comparisonSummary(stored);
  }

  /** The figures of one table: "201-cifar10", "201-cifar100", "201-imagenet16" or "macro". @throws ConfigError for another. */
  of(name: TableName): TableSummary {
    const found = this.summaries.find(({ table }) => table === name);
    if (found) return found;
    const meant = nearestName(String(name), TABLES);
    throw new ConfigError(
      `comparison: the table must be one of ${TABLES.join(", ")}, got ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ""}`,
      { name },
    );
  }

  /** What a search can reach at best on each table. */
  table(): Table {
    const percent = (value: number) => `${value.toFixed(2)} %`;
    return new Table({
      title: "True test accuracies: the best possible, and what a search that saw everything would choose",
      columns: ["table", "best network", "best possible", "best by validation", "its test accuracy", "mean network"],
      rows: this.summaries.map(({ table, best, chosen, mean }) => [
        TABLE_TITLES[table],
        best.key,
        percent(best.test),
        chosen.key,
        percent(chosen.test),
        percent(mean),
      ]),
      note: "NAS-Bench-201: after 12 epochs. NAS-Bench-Macro has no validation accuracy: a search sees the first of three trainings, the other two are the test.",
    });
  }

  /**
   * Anytime curves: the true test accuracy of the network that each search would choose by validation; medians, quartiles as
   * bands, a panel a search, random search and the best possible in each.
   * @param against "evaluations": networks trained; "cost": what their training takes, in trainings of the table's mean
   * network (by multiply-adds: a table has no times).
   */
  curves(name: TableName, against: "evaluations" | "cost" = "evaluations"): FigureView {
    const { methods, best } = this.of(name);
    const series = methods.map((method) => {
      const { x, median, lower, upper } = against === "cost" ? method.byCost : method.byEvaluations;
      return {
        name: METHOD_TITLES[method.method],
        x,
        y: median,
        ...(method.runs > 1 && { interval: lower.map((low, i): [number, number] => [low, upper[i]]) }),
      };
    });
    const random = series.find(({ name }) => name === METHOD_TITLES.random);
    if (!random) throw new DataError(`comparison: ${name} must have runs of random search, and has none`, { name });
    return new FigureView(
      studyPanels({
        title: `${TABLE_TITLES[name]}: true test accuracy of what the search would choose`,
        subtitle: `lines: medians of the runs, bands: their quartiles; against ${AXES[against].words}`,
        series,
        reference: { name: "random search (median)", x: random.x, y: random.y },
        level: { name: `best possible (${best.test.toFixed(2)} %)`, y: best.test },
        xTitle: AXES[against].title,
        yTitle: "test accuracy (%)",
        xType: "log",
        yFrom: LEFT_OUT,
        columns: methods.length > 8 ? 3 : 4,
      }),
    );
  }

  /** Areas under the curves with their 95 % intervals, and where each search ends. */
  areas(name: TableName): Table {
    const { methods, best, leastCost } = this.of(name);
    const { evaluations } = this.stored.settings;
    return new Table({
      title: `${TABLE_TITLES[name]}: mean accuracy over the search, best possible ${best.test.toFixed(2)} %`,
      columns: ["search", "runs", "over evaluations", "over cost", "after the last", "short of the best"],
      rows: ranked(methods).map(({ method, runs, area, areaByCost, final }) => [
        METHOD_TITLES[method],
        runs,
        words(area),
        words(areaByCost),
        words(final),
        (best.test - final.mean).toFixed(2),
      ]),
      note: `Mean true test accuracy (percent) of the choice from 10 to ${evaluations} evaluations, and from 10 to ${leastCost} trainings of the mean network in cost; means over runs with 95 % intervals. A single run has none. The time of rating itself is on neither axis.`,
    });
  }

  /** The areas of all tables as how far they are from the best possible, over evaluations and over cost: left is better. */
  regrets(): FigureView {
    const rows = METHODS.filter((method) =>
      this.summaries.some(({ methods }) => methods.some((m) => m.method === method)),
    );
    const panels = this.summaries.map(({ table, methods, best }) => {
      const areas = (["area", "areaByCost"] as const).map((which) =>
        rows.map((method) => methods.find((one) => one.method === method)?.[which]),
      );
      const regret = (value: number) => best.test - value;
      return {
        name: TABLE_TITLES[table],
        values: areas.map((of) => of.map((one) => (one && Number.isFinite(one.mean) ? regret(one.mean) : null))),
        intervals: areas.map((of) =>
          of.map((one) => (one?.interval ? ([regret(one.interval[1]), regret(one.interval[0])] as const) : null)),
        ),
      };
    });
    return new FigureView(
      studyDots({
        title: "How far from the best possible, over the whole search?",
        subtitle:
          "mean of the curve's distance from the best possible, with the 95 % interval over runs; left is better",
        rows: rows.map((method) => METHOD_TITLES[method]),
        series: ["over evaluations", "over training cost"],
        panels,
        xTitle: "short of the best (points)",
      }),
    );
  }

  /** What is true of these runs, table by table. */
  findings(): Findings {
    const minutes = this.stored.ratingMinutes;
    return findings([
      ...this.summaries.flatMap((summary) => this.findingsOf(summary)),
      minutes.length > 0 &&
        `Block-wise search trains none of the networks to find its first choice; its ratings took ${minutes.join(", ")} minutes a seed on the machine that rated, which is on no axis.`,
    ]);
  }

  private findingsOf({ table, methods, best, chosen }: TableSummary): string[] {
    const title = TABLE_TITLES[table];
    const random = methods.find(({ method }) => method === "random");
    const drawn = ranked(
      methods.filter(({ runs, method }) => runs > 1 && method !== "random" && !method.startsWith("blockwise")),
    );
    const verdict = ({ method, area }: MethodSummary) =>
      `${METHOD_TITLES[method]} ${area.mean.toFixed(2)} (${random ? against(area, random.area) : "random search not run"})`;
    const size = methods.find(({ method }) => method === "size");
    const blockwise = methods.find(({ method }) => method === "blockwise");
    return [
      `${title}: the best possible is ${best.test.toFixed(2)} %; choosing by validation among all networks gives ${chosen.test.toFixed(2)} %. Mean accuracy over the search: random search ${random ? random.area.mean.toFixed(2) : "not run"}; ${drawn.map(verdict).join("; ")}.`,
      ...(size && random
        ? [
            `${title}: training the largest networks first, which needs no search, gives ${size.area.mean.toFixed(2)} over evaluations and ${size.areaByCost.mean.toFixed(2)} over cost (random search ${random.areaByCost.mean.toFixed(2)}).`,
          ]
        : []),
      ...(blockwise && random
        ? [
            `${title}: networks in the order of the block-wise rating give ${blockwise.area.mean.toFixed(2)} over evaluations (${blockwise.runs} seeds of ratings); the first of them is worth ${firstOf(blockwise)}, where a random network is worth ${firstOf(random)} (medians).`,
          ]
        : []),
    ];
  }

  async [DISPLAY](): Promise<MimeBundle> {
    return showTogether(this.table(), this.regrets());
  }
}

/** From the best area on. */
function ranked(methods: readonly MethodSummary[]): MethodSummary[] {
  return [...methods].sort((a, b) => b.area.mean - a.area.mean);
}

/** Whether two means of independent runs differ by more than the 95 % interval of their difference. */
function against(own: MeanInterval, other: MeanInterval): string {
  if (!own.interval || !other.interval) return "a single run";
  const half = Math.hypot(own.interval[1] - own.mean, other.interval[1] - other.mean);
  const more = own.mean - other.mean;
  if (Number.isNaN(more)) return "not measured";
  if (Math.abs(more) <= half) return "not told from random search";
  return more > 0 ? "above random search" : "below random search";
}

function firstOf({ byEvaluations: { x, median } }: MethodSummary): string {
  return x[0] === 1 ? `${median[0].toFixed(2)} %` : "not measured";
}

function words({ mean, interval }: MeanInterval): string {
  if (Number.isNaN(mean)) return "not measured";
  return interval ? `${mean.toFixed(2)} (${interval[0].toFixed(2)} to ${interval[1].toFixed(2)})` : mean.toFixed(2);
}

/**
 * The stored comparison of searchers on NAS-Bench-201 and NAS-Bench-Macro.
 * @param path Of a file that `npx blockwise study compare` wrote; the one that ships with Blockwise when left out.
 * @throws DataError when there is none.
 */
export function comparison(path?: string): LabComparison {
  return new LabComparison(storedComparison(path));
}
