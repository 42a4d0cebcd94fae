import { spearman } from "../../benchmark";
import { mean, medianReached, quantile } from "../../core/statistics";
import { type MeanInterval, meanInterval, parseChanges } from "../search-comparison";
import type { AgreementPlace } from "./agreement";
import { type PnasBenchmark, pnasBenchmark } from "./pnas-benchmark";
import type { StoredPnas } from "./results-file";
import type { SearchRun } from "./run-search";
import {
  PNAS_METHODS,
  PNAS_TABLES,
  type PnasMethod,
  type PnasTable,
  PREDICTORS,
  type PredictorName,
  STUDY,
  TRIED_NAMES,
  type TriedName,
} from "./settings";
import type { StoredTable } from "./table-file";

/** How a search fares against random search with more evaluations. */
export interface Target {
  /** Evaluations of random search. */
  readonly random: number;
  /** Its best validation accuracy then, percent, median over seeds: what is to be reached. */
  readonly accuracy: number;
  /** Evaluations by method until that is reached: median over seeds; undefined where half of the runs ended before. */
  readonly needed: Readonly<Record<PnasMethod, number | undefined>>;
  /** Runs that reached it. */
  readonly reached: Readonly<Record<PnasMethod, number>>;
}

export interface SearchSummary {
  readonly method: PnasMethod;
  /** Best validation accuracy seen after so many evaluations, percent: quartiles over seeds. */
  readonly curve: {
    readonly x: readonly number[];
    readonly lower: readonly number[];
    readonly median: readonly number[];
    readonly upper: readonly number[];
  };
  /** Test accuracy of the choice after a third of random search's evaluations, and of random search after all. */
  readonly test: MeanInterval;
}

export interface PnasTableSummary {
  readonly table: PnasTable;
  readonly cells: number;
  /** Of them complete. */
  readonly complete: number;
  /** Best validation accuracy of all, percent. */
  readonly best: number;
  readonly searches: readonly SearchSummary[];
  readonly targets: readonly Target[];
}

export interface AgreementSummary extends AgreementPlace {
  readonly predictor: PredictorName;
  readonly fitted: MeanInterval;
  /** Undefined where there are too few other cells of the size. */
  readonly own?: MeanInterval;
  readonly next: MeanInterval;
}

/** How far two trainings of a cell agree, and where the published cell stands. */
export interface TableQuality {
  readonly again: number;
  /** Spearman's rho of the validation accuracies from two seeds. */
  readonly rho: number;
  /** Standard deviation of one training, percentage points, and of the cells' accuracies. */
  readonly noise: number;
  readonly spread: number;
}

export interface PublishedRank {
  /** Mean validation accuracy over seeds, percent. */
  readonly accuracy: number;
  readonly randoms: readonly number[];
  /** Share of the random cells that are worse, percent, ties by half. */
  readonly percentile: number;
  /** The same of each seed alone. */
  readonly bySeed: readonly number[];
}

/** A setting of the MLP ensemble, tried on the table of trained cells. */
export interface TriedSummary {
  readonly name: TriedName;
  /** Evaluations until random search's best of all its evaluations is seen, as in the last {@link Target}. */
  readonly needed?: number;
  /** Runs that saw it, and runs in all. */
  readonly reached: number;
  readonly runs: number;
}

export interface PnasSummary {
  readonly tables: readonly PnasTableSummary[];
  readonly agreement: readonly AgreementSummary[];
  readonly tuning: readonly TriedSummary[];
  readonly quality: TableQuality;
  readonly published: PublishedRank;
}

/** All figures, from the stored runs and the tables. */
export function summarisePnas(stored: StoredPnas, table: StoredTable): PnasSummary {
  const tables = PNAS_TABLES.map((name) => summariseTable(pnasBenchmark(name, table), stored.searches[name]));
  return {
    tables,
    tuning: tuningOf(stored, table, tables[PNAS_TABLES.indexOf("fashion")]),
    agreement: stored.agreement.flatMap(({ table: name, size, predictors }) =>
      PREDICTORS.map((predictor): AgreementSummary => {
        const trials = predictors[predictor];
        const own = trials.flatMap((trial) => trial.own ?? []);
        return {
          table: name,
          size,
          predictor,
          fitted: meanInterval(trials.map(({ fitted }) => fitted)),
          ...(own.length > 0 && { own: meanInterval(own) }),
          next: meanInterval(trials.map(({ next }) => next)),
        };
      }),
    ),
    quality: qualityOf(table),
    published: publishedRank(table),
  };
}

function summariseTable(
  { name, evaluator, complete }: PnasBenchmark,
  runs: Readonly<Record<PnasMethod, readonly SearchRun[]>>,
): PnasTableSummary {
  const entryOf = (key: string) => evaluator.entries.get(key)!;
  const all = STUDY.evaluations[name];
  const changes = Object.fromEntries(
    PNAS_METHODS.map((method) => [method, runs[method].map((run) => parseChanges(run.changes))]),
  ) as Record<PnasMethod, ReturnType<typeof parseChanges>[]>;
  const chosenAt = (of: ReturnType<typeof parseChanges>, evaluations: number) =>
    entryOf(of.filter((change) => change.evaluations <= evaluations).at(-1)!.key);
  const bests = (method: PnasMethod, evaluations: number) =>
    changes[method].map((of) => chosenAt(of, evaluations).validation).sort((a, b) => a - b);
  return {
    table: name,
    cells: evaluator.entries.size,
    complete: complete.length,
    best: Math.max(...[...evaluator.entries.values()].map(({ validation }) => validation)),
    searches: PNAS_METHODS.map((method): SearchSummary => {
      const most = Math.min(...runs[method].map(({ evaluations }) => evaluations));
      const x = [...GRID.filter((place) => place < most), most];
      const at = (share: number) => x.map((place) => Number(quantile(bests(method, place), share).toFixed(4)));
      const places = method === "random" ? all : Math.floor(all / 3);
      return {
        method,
        curve: { x, lower: at(0.25), median: at(0.5), upper: at(0.75) },
        test: meanInterval(changes[method].map((of) => chosenAt(of, places).test)),
      };
    }),
    targets: STUDY.targets.map((share): Target => {
      const random = Math.round(share * all);
      const accuracy = quantile(bests("random", random), 0.5);
      const needed = (method: PnasMethod) =>
        changes[method]
          .map(
            (of) => of.find(({ key }) => entryOf(key).validation >= accuracy)?.evaluations ?? Number.POSITIVE_INFINITY,
          )
          .sort((a, b) => a - b);
      const ofEach = <T>(of: (method: PnasMethod) => T) =>
        Object.fromEntries(PNAS_METHODS.map((method) => [method, of(method)])) as Record<PnasMethod, T>;
      return {
        random,
        accuracy,
        needed: ofEach((method) => medianReached(needed(method))),
        reached: ofEach((method) => needed(method).filter(Number.isFinite).length),
      };
    }),
  };
}

function tuningOf({ tuning }: StoredPnas, { cells }: StoredTable, { targets }: PnasTableSummary): TriedSummary[] {
  const { accuracy } = targets[targets.length - 1];
  return TRIED_NAMES.map((name): TriedSummary => {
    const needed = tuning[name].map(
      ({ changes }) =>
        parseChanges(changes).find(({ key }) => cells[key][0] >= accuracy)?.evaluations ?? Number.POSITIVE_INFINITY,
    );
    const reached = needed.filter(Number.isFinite).length;
    return { name, needed: medianReached(needed), reached, runs: needed.length };
  });
}

/** About equally spaced on a logarithmic axis. */
const GRID = [1, 2, 3, 5, 7, 10, 15, 21, 30, 40, 50, 60, 80, 100, 130, 160, 200];

function qualityOf({ cells, again }: StoredTable): TableQuality {
  const keys = Object.keys(again);
  const [first, second] = [keys.map((key) => cells[key][0]), keys.map((key) => again[key][0])];
  const deviation = (values: readonly number[]) => {
    const middle = mean(values);
    return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
  };
  return {
    again: keys.length,
    rho: spearman(first, second),
    noise: deviation(first.map((value, i) => value - second[i])) / Math.SQRT2,
    spread: deviation(first),
  };
}

function publishedRank({ published }: StoredTable): PublishedRank {
  const [own, ...randoms] = published.map(([, seeds]) => seeds.map(([validation]) => validation));
  const percentile = (value: number, others: readonly number[]) =>
    (100 * others.reduce((sum, other) => sum + (other < value ? 1 : other === value ? 0.5 : 0), 0)) / others.length;
  const means = randoms.map((seeds) => mean(seeds));
  return {
    accuracy: mean(own),
    randoms: means,
    percentile: percentile(mean(own), means),
    bySeed: own.map((value, seed) =>
      percentile(
        value,
        randoms.map((seeds) => seeds[seed]),
      ),
    ),
  };
}
