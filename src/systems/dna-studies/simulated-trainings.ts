import { type TrueNetwork, tuningKeys } from "../../benchmark";
import { agreement, BUDGETS, macroKey, macroTable, PickJudge } from "../../benchmark/ranking";
import type { Rng } from "../../core";
import {
  allNetworks,
  exactFront,
  type FoundNetwork,
  foundNetwork,
  Mutation,
  networkSampler,
  type RatingTable,
} from "../../search";
import type { RawRatings } from "../../study/ranking";
import { bestAmong, type Calibration, calibrate, mostImproving, type TrainedPoint } from "../../surrogate";

/** A training that the simulation looked up: a network's key, and which of its three accuracies was seen (0, 1, 2): "20111222:1". */
export type LookedUp = `${string}:${number}`;

/** One run on one seed's ratings. */
export interface ImproveRun {
  readonly seed: number;
  readonly draw: number;
  /** {@link LookedUp}, in the order of training, with blanks between. */
  readonly trained: string;
}

/** How networks are ranked, over those that were neither tuned on nor trained in that run. */
export interface RankRun extends ImproveRun {
  readonly tau: number;
  readonly concordance: number;
}

/** What is picked: the key for each budget, blanks between, and the mean regret in points. */
export interface PickRun extends ImproveRun {
  readonly picked: string;
  readonly regret: number;
}

/** Numbers of trainings at which variances are chosen anew; between them the process learns with those it has. */
const REFITS = [6, 8, 11, 15, 20, 25];
const POPULATION = 10;
const SAMPLE = 3;
/** Limits at which the loop begins: the ratings' optima there, or random networks. */
const BEGINNING = [0, 2, 4, 7, 9, 11];

/** Trainings looked up on the table of truth, with one seed's ratings. */
export class SimulatedTrainings {
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

  rank(draw: number, trained: readonly Simulated[], ratings: boolean): RankRun {
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
  pick(draw: number, counts: readonly number[], ratings: boolean, rng: Rng): PickRun[] {
    const trained = this.beginning(ratings, rng).map((network) => this.trainedOnce(network, rng));
    let calibration = this.calibrated(trained, ratings);
    const results: PickRun[] = [];
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
  trials(draw: number, counts: readonly number[], method: "random" | "evolution", rng: Rng): PickRun[] {
    const samplers = BUDGETS.map((macs) => networkSampler(this.table, { macs }, rng));
    const mutation = new Mutation(this.table);
    const order = rng.permutation(BUDGETS.length);
    const trained: Simulated[] = [];
    const results: PickRun[] = [];
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

  private judged(draw: number, trained: readonly Simulated[], picked: readonly string[]): PickRun {
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
