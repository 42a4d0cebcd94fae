import type { TrueNetwork } from "..";
import { additiveScores } from "./additive-scores";
import { type Agreement, agreement } from "./agreement";
import { divide } from "./baselines";

/** How well the best sums of one number a candidate rank the networks not tuned on. */
export interface AdditiveLimit extends Agreement {
  /** Root of the mean squared difference to the true accuracies, points. */
  readonly error: number;
}

/** What ratings of these blocks, added up, could reach at best: see {@link additiveScores}, fitted to all networks. */
export function additiveLimit(truth: readonly TrueNetwork[], cuts: readonly number[]): AdditiveLimit {
  const { reported } = divide(truth);
  const fitted = additiveScores(truth, cuts);
  const known = new Map(truth.map(({ key }, i) => [key, fitted[i]]));
  const scores = reported.map(({ key }) => known.get(key)!);
  const squares = scores.reduce((sum, score, i) => sum + (score - reported[i].accuracy) ** 2, 0);
  return { error: Math.sqrt(squares / reported.length), ...agreement(reported, scores) };
}
