import { mean, quantile, sampleVariance, studentT95 } from "../../core/statistics";
import type { TableEvaluator } from "../../evaluate";
import { type Change, parseChanges } from "./search-table";
import { COMPARISON_SETTINGS, METHODS, type MethodName, type TableName } from "./settings";

/** A run as it is stored. */
export interface StoredRun {
  readonly seed: number;
  /** See `changesText`. */
  readonly changes: string;
  readonly evaluations: number;
  readonly cost: number;
}

export type StoredRuns = Readonly<Partial<Record<MethodName, readonly StoredRun[]>>>;

/** Mean of some runs and the 95 % interval of that mean (Student's t); no interval of one run. */
export interface MeanInterval {
  readonly mean: number;
  readonly interval?: readonly [low: number, high: number];
}

/** Quartiles over the runs at each place of an axis. */
export interface AnytimeCurve {
  readonly x: readonly number[];
  readonly lower: readonly number[];
  readonly median: readonly number[];
  readonly upper: readonly number[];
}

export interface MethodSummary {
  readonly method: MethodName;
  readonly runs: number;
  /** True test accuracy (percent) of the choice, against networks trained, and against their cost. */
  readonly byEvaluations: AnytimeCurve;
  readonly byCost: AnytimeCurve;
  /** Mean of the accuracy over the evaluations from the tenth to the last. */
  readonly area: MeanInterval;
  /** The same over the cost, from ten trainings of the mean network to what every search spent. */
  readonly areaByCost: MeanInterval;
  /** After the last evaluation. */
  readonly final: MeanInterval;
}

export interface TableSummary {
  readonly table: TableName;
  /** Of any network, percent: no choice is better. */
  readonly best: { readonly key: string; readonly test: number };
  /** The network of the best validation accuracy: what a search that saw all would choose. */
  readonly chosen: { readonly key: string; readonly test: number };
  /** The mean network's. */
  readonly mean: number;
  /** Cost that every run spent at least. */
  readonly leastCost: number;
  readonly methods: readonly MethodSummary[];
}

/** Evaluations from which areas are counted: before, searches that rate in levels have no choice. */
const FROM = 10;
/** About equally spaced on a logarithmic axis. */
const GRID = [1, 2, 5, 10, 20, 40, 80, 140, 200];

/** All figures of a table, from its runs. */
export function summariseTable(table: TableName, { entries }: TableEvaluator, runs: StoredRuns): TableSummary {
  const all = [...entries];
  const bestBy = (of: "test" | "validation") => all.reduce((a, b) => (b[1][of] > a[1][of] ? b : a));
  const named = ([key, { test }]: (typeof all)[number]) => ({ key, test });
  const stored = METHODS.flatMap((method) => (runs[method] ? [{ method, runs: runs[method] }] : []));
  const leastCost = Math.floor(Math.min(...stored.flatMap((one) => one.runs.map(({ cost }) => cost))));
  const trueOf = (key: string) => entries.get(key)!.test;
  return {
    table,
    best: named(bestBy("test")),
    chosen: named(bestBy("validation")),
    mean: mean(all.map(([, { test }]) => test)),
    leastCost,
    methods: stored.map((one) => summariseMethod(one.method, one.runs, trueOf, leastCost)),
  };
}

function summariseMethod(
  method: MethodName,
  runs: readonly StoredRun[],
  trueOf: (key: string) => number,
  leastCost: number,
): MethodSummary {
  const changes = runs.map((run) => parseChanges(run.changes));
  const at = (of: readonly Change[], axis: "evaluations" | "cost", x: number) => {
    const last = of.filter((change) => change[axis] <= x).at(-1);
    return last ? trueOf(last.key) : Number.NaN;
  };
  const curve = (axis: "evaluations" | "cost", x: readonly number[]) =>
    quartiles(x, (place) => changes.map((of) => at(of, axis, place)));
  const area = (axis: "evaluations" | "cost", to: number) => {
    const places = Array.from({ length: to - FROM + 1 }, (_, i) => FROM + i);
    return meanInterval(changes.map((of) => mean(places.map((place) => at(of, axis, place)))));
  };
  return {
    method,
    runs: runs.length,
    byEvaluations: curve(
      "evaluations",
      GRID.filter((x) => x <= COMPARISON_SETTINGS.evaluations),
    ),
    byCost: curve("cost", [...GRID.filter((x) => x < leastCost), leastCost]),
    area: area("evaluations", COMPARISON_SETTINGS.evaluations),
    areaByCost: area("cost", leastCost),
    final: meanInterval(changes.map((of) => at(of, "evaluations", COMPARISON_SETTINGS.evaluations))),
  };
}

/** Only where every run has a choice. */
function quartiles(x: readonly number[], at: (x: number) => readonly number[]): AnytimeCurve {
  const known = x
    .map((place) => ({ place, sorted: [...at(place)].sort((a, b) => a - b) }))
    .filter(({ sorted }) => !sorted.some(Number.isNaN));
  // Accuracies have two or three decimals; more of them are no more than noise of the sums.
  const share = (of: number) => known.map(({ sorted }) => Number(quantile(sorted, of).toFixed(4)));
  return { x: known.map(({ place }) => place), lower: share(0.25), median: share(0.5), upper: share(0.75) };
}

/** With the 95 % interval by Student's t; of one value none. */
export function meanInterval(values: readonly number[]): MeanInterval {
  const own = mean(values);
  if (values.length < 2) return { mean: own };
  const half = studentT95(values.length - 1) * Math.sqrt(sampleVariance(values) / values.length);
  return { mean: own, interval: [own - half, own + half] };
}
