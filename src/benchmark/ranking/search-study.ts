import { Rng } from "../../core";
import {
  agingEvolution,
  allNetworks,
  bestSoFar,
  exactFront,
  type FoundNetwork,
  type RatingTable,
  randomSearch,
} from "../../search";
import type { TrueNetwork } from "..";
import { BUDGETS } from "./agreement";
import type { SeedRatings } from "./block-scores";
import { type HalfOfTeacher, halfOfTeacher } from "./half-of-teacher";
import { macroKey, macroTable } from "./macro-table";
import { type Spread, spreadOf } from "./spread";
import { PickJudge, type PickQuality, trueFront } from "./true-front";

/** A network of a front, with what is true of it. */
export interface FrontMember {
  readonly key: string;
  readonly macs: number;
  /** The table's, percent. */
  readonly accuracy: number;
  /** Weighted sum of its blocks' ratings, lower is better; the true front has none. */
  readonly score?: number;
}

/** The exact search on one seed's ratings. */
export interface RatedSearch extends PickQuality {
  /** Of the ratings. */
  readonly seed: number;
  /** Every network that no other beats in MACs and score. */
  readonly front: readonly FrontMember[];
  /** Hypervolume of all of them by true accuracies, as a share of the true front's. */
  readonly frontHypervolume: number;
  /** The best scored network under each budget. */
  readonly picks: readonly FrontMember[];
  readonly half: HalfOfTeacher;
}

export type TrialMethod = "random search" | "aging evolution";

/** Searches that look at a number of networks, on the same ratings; over all runs and all seeds of the ratings. */
export interface TrialPoint {
  readonly method: TrialMethod;
  /** Networks rated for each budget; one random network is what a search without ratings gives. */
  readonly evaluations: number;
  readonly runs: number;
  /** Picks for the budgets, see {@link PickQuality}. */
  readonly regret: Spread;
  readonly hypervolume: Spread;
  /**
   * At half the teacher's MACs: how far the best score seen is from the optimum, as a share of the distance of the mean of
   * all affordable networks: 0 the optimum, 1 no better than a random network.
   */
  readonly gap: Spread;
  /** True accuracy of that network, percent. */
  readonly accuracy: Spread;
}

/** Exact search, random search and evolution on the same ratings, judged by the benchmark's accuracies. Plain JSON. */
export interface SearchStudy {
  readonly networks: number;
  readonly weights: readonly number[];
  /** In MACs; for all of them a network is picked. */
  readonly budgets: readonly number[];
  /** Of the hypervolumes: MACs and accuracy in percent. */
  readonly reference: { readonly macs: number; readonly accuracy: number };
  readonly trueFront: readonly FrontMember[];
  /** Hypervolume of the true front, in MACs times points. */
  readonly trueHypervolume: number;
  /** Picking the truly best network under each budget: what no search can better. */
  readonly truth: PickQuality;
  /** Picking the network of most MACs under each budget: what needs no rating. */
  readonly macsAlone: PickQuality;
  /** By seed of the ratings. */
  readonly rated: readonly RatedSearch[];
  readonly trials: readonly TrialPoint[];
}

export interface SearchStudyOptions {
  /** DNA's lambda. */
  readonly weights?: readonly number[];
  /** Of the trials, rising; the last is what a run does. */
  readonly evaluations?: readonly number[];
  /** Runs of each trial on the ratings of each seed. */
  readonly runs?: number;
  /** Of the trials. */
  readonly seed?: number;
  readonly teacher?: string;
  /** Share of the teacher's MACs that the found net may have. */
  readonly share?: number;
}

const METHODS: Readonly<Record<TrialMethod, typeof agingEvolution>> = {
  "random search": randomSearch,
  // Sizes for some tens to some hundreds of evaluations.
  "aging evolution": (table, options) => agingEvolution(table, { population: 10, sample: 3, ...options }),
};

/**
 * Compares searches on the raw ratings of some seeds with the truth, over all networks of the table.
 * @param raws Of one setting, one a seed.
 */
export function searchStudy(
  raws: readonly SeedRatings[],
  truth: readonly TrueNetwork[],
  options: SearchStudyOptions = {},
): SearchStudy {
  const { weights = raws[0].blocks.map(() => 1) } = options;
  const judge = new PickJudge(truth);
  const byKey = new Map(truth.map((network) => [network.key, network]));
  const trueOf = (network: FoundNetwork) => byKey.get(macroKey(network))!;
  const tables = raws.map(({ blocks, cuts }) => macroTable(blocks, cuts, weights));
  const rated = tables.map((table, i) => ({ seed: raws[i].seed, ...exactly(table, truth, judge, trueOf, options) }));
  return {
    networks: truth.length,
    weights,
    budgets: BUDGETS,
    reference: { macs: judge.reference.cost, accuracy: judge.reference.value },
    trueFront: trueFront(truth).map(({ key, macs, accuracy }) => ({ key, macs, accuracy })),
    trueHypervolume: judge.whole,
    truth: judge.of(judge.best),
    macsAlone: judge.of(BUDGETS.map((budget) => largest(truth, budget))),
    rated,
    trials: trials(tables, rated, judge, trueOf, options),
  };
}

function exactly(
  table: RatingTable,
  truth: readonly TrueNetwork[],
  judge: PickJudge,
  trueOf: (network: FoundNetwork) => TrueNetwork,
  { teacher, share }: SearchStudyOptions,
): Omit<RatedSearch, "seed"> {
  const front = exactFront(table);
  const member = (network: FoundNetwork): FrontMember => {
    const { key, macs, accuracy } = trueOf(network);
    return { key, macs, accuracy, score: network.score };
  };
  const picks = judge.budgets.map((budget) => front.filter(({ cost }) => cost.macs! <= budget).at(-1)!);
  return {
    front: front.map(member),
    frontHypervolume: judge.share(front.map(trueOf)),
    picks: picks.map(member),
    ...judge.of(picks.map(trueOf)),
    half: halfOfTeacher(table, truth, { teacher, share }),
  };
}

function trials(
  tables: readonly RatingTable[],
  rated: readonly RatedSearch[],
  judge: PickJudge,
  trueOf: (network: FoundNetwork) => TrueNetwork,
  { evaluations = [1, 3, 10, 30, 100, 300, 1000], runs = 10, seed = 1 }: SearchStudyOptions,
): TrialPoint[] {
  const most = Math.max(...evaluations);
  const all = (Object.keys(METHODS) as TrialMethod[]).flatMap((method) =>
    tables.flatMap((table, i) => {
      const { limit, found } = rated[i].half;
      const affordable = allNetworks(table).filter(({ cost }) => cost.macs! <= limit);
      const mean = affordable.reduce((sum, { score }) => sum + score, 0) / affordable.length;
      return Array.from({ length: runs }, (_, run) => {
        // The same for both methods: until evolution's first population is full they look at the same networks.
        const rng = new Rng(seed).fork(`search study/ratings ${rated[i].seed}/run ${run}`);
        // The best after each evaluation.
        const under = (macs: number) =>
          bestSoFar(METHODS[method](table, { evaluations: most, budget: { macs }, rng: rng.fork(String(macs)) }));
        const byBudget = judge.budgets.map(under);
        const atHalf = under(limit);
        return evaluations.map((count) => {
          const best = atHalf[count - 1];
          return {
            method,
            evaluations: count,
            ...judge.of(byBudget.map((bests) => trueOf(bests[count - 1]))),
            gap: mean > found.score ? (best.score - found.score) / (mean - found.score) : 0,
            accuracy: trueOf(best).accuracy,
          };
        });
      }).flat();
    }),
  );
  return (Object.keys(METHODS) as TrialMethod[]).flatMap((method) =>
    evaluations.map((count) => {
      const here = all.filter((one) => one.method === method && one.evaluations === count);
      const spread = (name: "regret" | "hypervolume" | "gap" | "accuracy") => spreadOf(here.map((one) => one[name]));
      return {
        method,
        evaluations: count,
        runs: here.length,
        regret: spread("regret"),
        hypervolume: spread("hypervolume"),
        gap: spread("gap"),
        accuracy: spread("accuracy"),
      };
    }),
  );
}

function largest(truth: readonly TrueNetwork[], budget: number): TrueNetwork {
  return truth.filter(({ macs }) => macs <= budget).reduce((a, b) => (b.macs > a.macs ? b : a));
}
