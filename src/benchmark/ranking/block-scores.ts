import { ConfigError } from "../../core";
import { blockDigits, kendallTauB, type TrueNetwork } from "..";

/** A block's ratings: from the digits of its layers ("00" ... "222") to the score, lower is better. */
export type BlockScores = Readonly<Record<string, number>>;

/** The ratings of all blocks under one seed. */
export interface SeedRatings {
  readonly seed: number;
  /** Layers that end a block but the last. */
  readonly cuts: readonly number[];
  readonly blocks: readonly BlockScores[];
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

/** Candidates that each block of the cut space has. */
export function candidateCounts(truth: readonly TrueNetwork[], cuts: readonly number[]): number[] {
  return [...cuts, 0].map((_, block) => new Set(truth.map(({ key }) => blockDigits(key, cuts)[block])).size);
}
