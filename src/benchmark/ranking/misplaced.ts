import { mean } from "../../core/statistics";
import type { TrueNetwork } from "..";
import { type SeedRatings, trueEffects } from "./block-scores";

/** A candidate of a block with its ranks within the block; 1 is the best. */
export interface RankedCandidate {
  /** Block from 1, and the digits of its layers. */
  readonly block: number;
  readonly digits: string;
  /** Mean true accuracy of the networks that have it, percent. */
  readonly effect: number;
  readonly trueRank: number;
  /** By its rating, mean over seeds. */
  readonly ratedRank: number;
}

/**
 * Of each block the candidates whose rank by rating lies farthest from the true one, farthest first.
 * @param ratings One a seed.
 */
export function misplacedCandidates(
  truth: readonly TrueNetwork[],
  ratings: readonly SeedRatings[],
  most = 3,
): RankedCandidate[] {
  return trueEffects(truth, ratings[0].cuts).flatMap((effects, block) => {
    const all = [...effects.keys()];
    const rated = new Map(all.map((digits) => [digits, mean(ratings.map(({ blocks }) => blocks[block][digits]))]));
    const byTruth = [...all].sort((a, b) => effects.get(b)! - effects.get(a)!);
    const byRating = [...all].sort((a, b) => rated.get(a)! - rated.get(b)!);
    const ranked = all.map((digits) => ({
      block: block + 1,
      digits,
      effect: effects.get(digits)!,
      trueRank: byTruth.indexOf(digits) + 1,
      ratedRank: byRating.indexOf(digits) + 1,
    }));
    const off = (one: RankedCandidate) => Math.abs(one.trueRank - one.ratedRank);
    return ranked.sort((a, b) => off(b) - off(a)).slice(0, most);
  });
}
