import { ConfigError } from "../../../core";
import { kendallTauB } from "../../../rate";
import { blockDigits, type TrueNetwork } from "./truth";

/** A block's ratings: from the digits of its layers ("00" ... "222") to the score, lower is better. */
export type BlockScores = Readonly<Record<string, number>>;

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

/**
 * Weights of the blocks, sum 1, under which the scores agree best (tau-b) with the accuracies of the given networks: the
 * tuning ones. Every division into twentieths for up to four blocks, coordinate by coordinate for more.
 */
export function tuneWeights(
  tuning: readonly TrueNetwork[],
  blocks: readonly BlockScores[],
  cuts: readonly number[],
): number[] {
  const truth = tuning.map(({ accuracy }) => accuracy);
  const ratings = tuning.map(({ key }) => ratingsOf(key, blocks, cuts));
  const tau = (weights: readonly number[]) =>
    kendallTauB(
      ratings.map((of) => -of.reduce((sum, score, i) => sum + weights[i] * score, 0)),
      truth,
    );
  const tries = blocks.length <= 4 ? divisions(blocks.length, STEPS) : [];
  let best = blocks.map(() => 1 / blocks.length);
  let reached = tau(best);
  const consider = (weights: number[]) => {
    const got = tau(weights);
    // NaN where all scores are equal never wins.
    if (got > reached) [best, reached] = [weights, got];
  };
  for (const parts of tries) consider(parts.map((part) => part / STEPS));
  if (blocks.length > 4) for (let round = 0; round < 3; round++) for (const i of blocks.keys()) coordinate(i);
  return best.map((weight) => Number(weight.toFixed(4)));

  function coordinate(i: number): void {
    const start = [...best];
    for (let step = 0; step < STEPS; step++) {
      const changed = start.map((weight, j) => (j === i ? step / STEPS : weight));
      const sum = changed.reduce((total, weight) => total + weight, 0);
      if (sum > 0) consider(changed.map((weight) => weight / sum));
    }
  }
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
