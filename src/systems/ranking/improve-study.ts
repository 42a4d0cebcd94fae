import { type TrueNetwork, tuningKeys } from "../../benchmark";
import { breathe, Progress, Rng, type StepContext } from "../../core";
import {
  allNetworks,
  exactFront,
  type FoundNetwork,
  foundNetwork,
  Mutation,
  networkSampler,
  type RatingTable,
} from "../../search";
import { bestAmong, type Calibration, calibrate, mostImproving, type TrainedPoint } from "../../surrogate";
import { agreement, BUDGETS } from "./agreement";
import { macroKey, macroTable } from "./macro-table";
import type { RawRatings } from "./run-job";
import type { Spread } from "./search-study";
import { PickJudge } from "./true-front";

/** A training that the simulation looked up: a network's key, and which of its three accuracies was seen (0, 1, 2): "20111222:1". */
export type LookedUp = `${string}:${number}`;

/** One run on one seed's ratings. */
export interface ImproveRun {
  readonly seed: number;
  readonly draw: number;
  /** {@link LookedUp}, in the order of training, with blanks between. */
  readonly trained: string;
}

export interface RankResult {
  /** Over networks that were neither tuned on nor trained in that run. */
  readonly tau: Spread;
  readonly concordance: Spread;
  readonly picks: readonly (ImproveRun & { readonly tau: number; readonly concordance: number })[];
}

export interface PickResult {
  /** Mean over the twelve budgets, points. */
  readonly regret: Spread;
  /** With the key picked for each budget, blanks between. */
  readonly picks: readonly (ImproveRun & { readonly picked: string; readonly regret: number })[];
}

type ByCount<Result> = Readonly<Record<string, Result>>;

/** Simulated on a table of truth: what a few trained networks are worth, with and without ratings. Plain JSON. */
export interface ImproveStudy {
  readonly rank: Readonly<Record<"with_ratings" | "without_ratings", ByCount<RankResult>>>;
  readonly pick: Readonly<
    Record<"with_ratings" | "without_ratings" | "evolution" | "random_search", ByCount<PickResult>>
  >;
  /** With ratings less without, same networks or same draw: mean, and its 95 % interval (1.96 standard errors). */
  readonly gain: {
    readonly tau: ByCount<Spread>;
    readonly concordance: ByCount<Spread>;
    readonly regret: ByCount<Spread>;
  };
}

export interface ImproveStudyOptions {
  readonly draws?: number;
  readonly seed?: number;
  /** Trainings after which is judged, rising. */
  readonly counts?: readonly number[];
}

/** All that is simulated on one seed's ratings in one draw; one entry a number of trainings. */
export interface ImproveDraw {
  readonly rank: Readonly<Record<"with_ratings" | "without_ratings", RankResult["picks"]>>;
  readonly pick: Readonly<Record<keyof ImproveStudy["pick"], PickResult["picks"]>>;
}

/** Draws that are done already, by `seed/draw`; new ones are added. */
export interface ImproveStore {
  get(key: string): ImproveDraw | undefined;
  set(key: string, draw: ImproveDraw): void;
}

/** Numbers of trainings at which variances are chosen anew; between them the process learns with those it has. */
const REFITS = [6, 8, 11, 15, 20, 25];
const POPULATION = 10;
const SAMPLE = 3;
/** Limits at which the loop begins: the ratings' optima there, or random networks. */
const BEGINNING = [0, 2, 4, 7, 9, 11];

/**
 * Simulates trainings on NAS-Bench-Macro: each looks up one of a network's three accuracies. Some two seconds a draw and seed.
 * @param raws Raw ratings, one a seed.
 * @param store What was done before an interrupt is taken from it.
 * @throws InterruptedError when stopped.
 */
export async function improveStudy(
  raws: readonly RawRatings[],
  truth: readonly TrueNetwork[],
  { draws = 20, seed = 1, counts = [16, 30] }: ImproveStudyOptions = {},
  context: StepContext = {},
  store: ImproveStore = new Map(),
): Promise<ImproveStudy> {
  const progress = new Progress(context, "study improve", draws * raws.length, "draws");
  const all: ImproveDraw[] = [];
  for (const raw of raws) {
    const world = new World(raw, truth);
    for (let draw = 0; draw < draws; draw++) {
      await breathe();
      const key = `${raw.seed}/${draw}`;
      const rng = new Rng(seed).fork(`improve/ratings ${raw.seed}/draw ${draw}`);
      const one = store.get(key) ?? simulated(world, draw, counts, rng);
      store.set(key, one);
      all.push(one);
      progress.advance();
    }
  }
  const rankOf = (name: keyof ImproveDraw["rank"]) =>
    byCount(counts, (i) => {
      const picks = all.map(({ rank }) => rank[name][i]);
      return {
        tau: spread(picks.map(({ tau }) => tau)),
        concordance: spread(picks.map((one) => one.concordance)),
        picks,
      };
    });
  const pickOf = (name: keyof ImproveDraw["pick"]) =>
    byCount(counts, (i) => {
      const picks = all.map(({ pick }) => pick[name][i]);
      return { regret: spread(picks.map(({ regret }) => regret)), picks };
    });
  const rankGain = (of: "tau" | "concordance") =>
    byCount(counts, (i) => ofMean(all.map(({ rank }) => rank.with_ratings[i][of] - rank.without_ratings[i][of])));
  return {
    rank: { with_ratings: rankOf("with_ratings"), without_ratings: rankOf("without_ratings") },
    pick: {
      with_ratings: pickOf("with_ratings"),
      without_ratings: pickOf("without_ratings"),
      evolution: pickOf("evolution"),
      random_search: pickOf("random_search"),
    },
    gain: {
      tau: rankGain("tau"),
      concordance: rankGain("concordance"),
      regret: byCount(counts, (i) =>
        ofMean(all.map(({ pick }) => pick.with_ratings[i].regret - pick.without_ratings[i].regret)),
      ),
    },
  };
}

function simulated(world: World, draw: number, counts: readonly number[], rng: Rng): ImproveDraw {
  const trained = world.drawn(counts.at(-1)!, rng.fork("rank"));
  const rank = (ratings: boolean) => counts.map((count) => world.rank(draw, trained.slice(0, count), ratings));
  return {
    rank: { with_ratings: rank(true), without_ratings: rank(false) },
    pick: {
      with_ratings: world.pick(draw, counts, true, rng.fork("pick")),
      without_ratings: world.pick(draw, counts, false, rng.fork("pick")),
      evolution: world.trials(draw, counts, "evolution", rng.fork("trials")),
      random_search: world.trials(draw, counts, "random", rng.fork("trials")),
    },
  };
}

/** One seed's ratings on the table of truth. */
class World {
  readonly seed: number;
  private readonly table: RatingTable;
  private readonly byKey: ReadonlyMap<string, TrueNetwork>;
  private readonly networks: readonly FoundNetwork[];
  private readonly tuning = new Set(tuningKeys());
  private readonly judge: PickJudge;

  constructor(
    raw: RawRatings,
    private readonly truth: readonly TrueNetwork[],
  ) {
    this.seed = raw.seed;
    this.table = macroTable(raw.blocks, raw.cuts);
    this.byKey = new Map(truth.map((network) => [network.key, network]));
    this.networks = allNetworks(this.table);
    this.judge = new PickJudge(truth);
  }

  /** Random networks, none twice, no tuning one; each with the accuracy of one training. */
  drawn(count: number, rng: Rng): Simulated[] {
    const open = this.networks.filter((network) => !this.tuning.has(macroKey(network)));
    return Array.from(rng.permutation(open.length).subarray(0, count), (i) => this.trainedOnce(open[i], rng));
  }

  rank(draw: number, trained: readonly Simulated[], ratings: boolean): RankResult["picks"][number] {
    const calibrated = this.calibrated(trained, ratings).calibrated(this.table);
    const scores = new Map(allNetworks(calibrated).map((network) => [macroKey(network), -network.score]));
    const known = new Set(trained.map(({ key }) => key));
    const reported = this.truth.filter(({ key }) => !this.tuning.has(key) && !known.has(key));
    const { tau, concordance } = agreement(
      reported,
      reported.map(({ key }) => scores.get(key)!),
    );
    return { seed: this.seed, draw, trained: trained.map(({ lookedUp }) => lookedUp).join(" "), tau, concordance };
  }

  /** The loop: begins along the limits, then trains what is proposed, one by one. */
  pick(draw: number, counts: readonly number[], ratings: boolean, rng: Rng): PickResult["picks"] {
    const trained = this.beginning(ratings, rng).map((network) => this.trainedOnce(network, rng));
    let calibration = this.calibrated(trained, ratings);
    const results: PickResult["picks"][number][] = [];
    for (;;) {
      if (counts.includes(trained.length)) {
        const final = this.calibrated(trained, ratings);
        const front = exactFront(final.calibrated(this.table));
        const best = BUDGETS.map((macs) => bestAmong(final, trained, front, { macs })!);
        results.push(this.judged(draw, trained, best.map(macroKey)));
      }
      if (trained.length >= counts.at(-1)!) return results;
      const [next] = mostImproving(calibration, this.table, trained, {
        budgets: BUDGETS.map((macs) => ({ macs })),
        count: 1,
        rng,
      });
      trained.push(this.trainedOnce(next ?? rng.pick(this.networks), rng));
      const evidence = trained.map(({ network, accuracy }) => ({ choice: network.choice, accuracy }));
      calibration = REFITS.includes(trained.length) ? this.calibrated(trained, ratings) : calibration.with(evidence);
    }
  }

  /**
   * Networks tried one by one, the limits in turn: random ones within the limit, or children by regularised evolution (Real
   * et al., AAAI 2019): the best affordable of a sample of the last ones has one layer changed. The pick for a limit is the
   * best accuracy seen within it.
   */
  trials(draw: number, counts: readonly number[], method: "random" | "evolution", rng: Rng): PickResult["picks"] {
    const samplers = BUDGETS.map((macs) => networkSampler(this.table, { macs }, rng));
    const mutation = new Mutation(this.table);
    const order = rng.permutation(BUDGETS.length);
    const trained: Simulated[] = [];
    const results: PickResult["picks"][number][] = [];
    while (trained.length < counts.at(-1)!) {
      const limit = order[trained.length % order.length];
      let network = samplers[limit]();
      if (method === "evolution" && trained.length >= POPULATION) {
        const living = trained.slice(-POPULATION).filter((one) => one.network.cost.macs! <= BUDGETS[limit]);
        if (living.length > 0) {
          const sample = Array.from({ length: SAMPLE }, () => rng.pick(living));
          const parent = sample.reduce((best, one) => (one.accuracy > best.accuracy ? one : best));
          for (let attempt = 0; attempt < 100; attempt++) {
            const child = foundNetwork(this.table, mutation.apply(parent.network.choice, rng));
            if (child.cost.macs! > BUDGETS[limit]) continue;
            network = child;
            break;
          }
        }
      }
      trained.push(this.trainedOnce(network, rng));
      if (!counts.includes(trained.length)) continue;
      const picked = BUDGETS.map((budget, i) => {
        const affordable = trained.filter((one) => one.network.cost.macs! <= budget);
        if (affordable.length === 0) return macroKey(samplers[i]());
        return affordable.reduce((best, one) => (one.accuracy > best.accuracy ? one : best)).key;
      });
      results.push(this.judged(draw, trained, picked));
    }
    return results;
  }

  private beginning(ratings: boolean, rng: Rng): FoundNetwork[] {
    const limits = BEGINNING.map((i) => BUDGETS[i]);
    if (!ratings) return limits.map((macs) => networkSampler(this.table, { macs }, rng)());
    const front = exactFront(this.table);
    return limits.map((limit) => front.filter(({ cost }) => cost.macs! <= limit).at(-1)!);
  }

  private calibrated(trained: readonly Simulated[], ratings: boolean): Calibration {
    const evidence = trained.map(({ network, accuracy }) => ({ choice: network.choice, accuracy }));
    return calibrate(this.table, evidence, { ratings });
  }

  private trainedOnce(network: FoundNetwork, rng: Rng): Simulated {
    const { key, trainings } = this.byKey.get(macroKey(network))!;
    const training = rng.int(trainings.length);
    return { network, accuracy: trainings[training] / 100, key, lookedUp: `${key}:${training}` };
  }

  private judged(draw: number, trained: readonly Simulated[], picked: readonly string[]): PickResult["picks"][number] {
    const { regret } = this.judge.of(picked.map((key) => this.byKey.get(key)!));
    return {
      seed: this.seed,
      draw,
      trained: trained.map(({ lookedUp }) => lookedUp).join(" "),
      picked: picked.join(" "),
      regret,
    };
  }
}

interface Simulated extends TrainedPoint {
  readonly key: string;
  readonly lookedUp: LookedUp;
}

function byCount<Result>(counts: readonly number[], of: (i: number) => Result): ByCount<Result> {
  return Object.fromEntries(counts.map((count, i) => [String(count), of(i)]));
}

/** Mean of runs, and the middle 95 % of them. */
function spread(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return { mean: average(values), low: at(0.025), high: at(0.975) };
}

/** Mean of runs, and the 95 % interval of that mean. */
function ofMean(values: readonly number[]): Spread {
  const mean = average(values);
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, values.length - 1);
  const half = 1.96 * Math.sqrt(variance / values.length);
  return { mean, low: mean - half, high: mean + half };
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
