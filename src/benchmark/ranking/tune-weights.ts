import { kendallTauB, type TrueNetwork } from "..";
import { type BlockScores, ratingsOf } from "./block-scores";

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
