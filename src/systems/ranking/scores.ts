import { blockDigits, kendallTauB, type TrueNetwork } from "../../benchmark";
import { ConfigError } from "../../core";
import type { SCORES } from "../../rate";
import type { Measure } from "./study-config";

/** A block's ratings: from the digits of its layers ("00" ... "222") to the score, lower is better. */
export type BlockScores = Readonly<Record<string, number>>;

/** The blocks' ratings under every measure that was taken. */
export type Measures = Partial<Record<(typeof SCORES)[number], readonly BlockScores[]>>;

/**
 * The ratings of every block under a measure.
 * @throws ConfigError when the measure was not taken.
 */
export function blocksOf(
  { measures, variant }: { readonly measures: Measures; readonly variant: string },
  measure: Measure,
): readonly BlockScores[] {
  const isLog = measure.startsWith("log ");
  const taken = measures[(isLog ? measure.slice(4) : measure) as keyof typeof measures];
  if (!taken) {
    throw new ConfigError(
      `ranking: the ratings of ${variant} must have ${measure}, and lack it; set rate.score to it`,
      {
        variant,
        measure,
      },
    );
  }
  if (!isLog) return taken;
  return taken.map((block) => Object.fromEntries(Object.entries(block).map(([key, score]) => [key, Math.log(score)])));
}

/**
 * A score for each network, higher is better: minus the weighted sum of its blocks' ratings (DNA's lambda; all 1 when
 * left out).
 * @throws ConfigError when a block lacks a rating.
 */
export function networkScores(
  networks: readonly Pick<TrueNetwork, "key">[],
  blocks: readonly BlockScores[],
  cuts: readonly number[],
  weights: readonly number[] = blocks.map(() => 1),
): number[] {
  return networks.map(
    ({ key }) => -ratingsOf(key, blocks, cuts).reduce((sum, score, i) => sum + weights[i] * score, 0),
  );
}

/** A network's rating in each block. @throws ConfigError when a block lacks it. */
export function ratingsOf(key: string, blocks: readonly BlockScores[], cuts: readonly number[]): number[] {
  return blockDigits(key, cuts).map((digits, i) => {
    const score = blocks[i]?.[digits];
    if (score === undefined) {
      throw new ConfigError(`ranking: block ${i} must rate ${digits} for network ${key}, and does not`, {
        key,
        digits,
      });
    }
    return score;
  });
}

const STEPS = 20;
/** Of the search coordinate by coordinate. */
const ROUNDS = 3;

/**
 * Weights of the blocks, sum 1, under which the scores agree best (mean tau-b over the given ratings, one a seed) with the
 * accuracies of the given networks: the tuning ones. Every division into twentieths for up to four blocks, coordinate by
 * coordinate for more.
 */
export function tuneWeights(
  tuning: readonly TrueNetwork[],
  seeds: readonly (readonly BlockScores[])[],
  cuts: readonly number[],
): number[] {
  const truth = tuning.map(({ accuracy }) => accuracy);
  const ratings = seeds.map((blocks) => tuning.map(({ key }) => ratingsOf(key, blocks, cuts)));
  const tau = (weights: readonly number[]) =>
    ratings.reduce(
      (sum, networks) =>
        sum +
        kendallTauB(
          networks.map((of) => -weighted(of, weights)),
          truth,
        ),
      0,
    );
  const count = cuts.length + 1;
  let best = new Array<number>(count).fill(1 / count);
  let reached = tau(best);
  const consider = (weights: number[]) => {
    const got = tau(weights);
    // NaN where all scores are equal never wins.
    if (got > reached) [best, reached] = [weights, got];
  };
  if (count <= 4) for (const parts of divisions(count, STEPS)) consider(parts.map((part) => part / STEPS));
  else for (let round = 0; round < ROUNDS; round++) for (let i = 0; i < count; i++) alongCoordinate(best, i, consider);
  return best.map((weight) => Number(weight.toFixed(4)));
}

/** Tries other shares for one weight, the others keeping their proportions. */
function alongCoordinate(weights: readonly number[], i: number, consider: (weights: number[]) => void): void {
  for (let step = 0; step < STEPS; step++) {
    const changed = weights.map((weight, j) => (j === i ? step / STEPS : weight));
    const sum = changed.reduce((total, weight) => total + weight, 0);
    if (sum > 0) consider(changed.map((weight) => weight / sum));
  }
}

function weighted(ratings: readonly number[], weights: readonly number[]): number {
  return ratings.reduce((sum, rating, i) => sum + weights[i] * rating, 0);
}

/** All ways to divide `total` into so many whole parts. */
function divisions(parts: number, total: number): number[][] {
  if (parts === 1) return [[total]];
  return Array.from({ length: total + 1 }, (_, first) =>
    divisions(parts - 1, total - first).map((rest) => [first, ...rest]),
  ).flat();
}

/**
 * Mean true accuracy of the networks with each candidate of a block: for all combinations of candidates (as in the space
 * cut at its stages) this is the candidate's effect in an additive model.
 */
export function trueEffects(networks: readonly TrueNetwork[], cuts: readonly number[]): Map<string, number>[] {
  return [...cuts, 8].map((_, block) => {
    const sums = new Map<string, { sum: number; count: number }>();
    for (const { key, accuracy } of networks) {
      const digits = blockDigits(key, cuts)[block];
      const so = sums.get(digits) ?? { sum: 0, count: 0 };
      sums.set(digits, { sum: so.sum + accuracy, count: so.count + 1 });
    }
    return new Map([...sums].map(([digits, { sum, count }]) => [digits, sum / count]));
  });
}

/** Tau-b of each block's rating with the candidates' true effects; NaN for a block of one candidate. */
export function blockTaus(
  networks: readonly TrueNetwork[],
  blocks: readonly BlockScores[],
  cuts: readonly number[],
): number[] {
  return trueEffects(networks, cuts).map((effects, block) =>
    kendallTauB(
      [...effects.keys()].map((digits) => -blocks[block][digits]),
      [...effects.values()],
    ),
  );
}
