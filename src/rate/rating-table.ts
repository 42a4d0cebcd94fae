import { SpaceError } from "../core";
import { headCost, ratingCosts, stemCost } from "../cost";
import type { RatedCandidate, RatingTable } from "../search/types";
import { cellAt, enumerateBlock, outputShape, type SearchSpace } from "../space";
import type { CandidateRating } from "./candidate-rating";

/** A row of the table, with the errors beside the score. */
export type RatedRow = RatedCandidate & Pick<CandidateRating, "mse" | "relativeMse">;

/** What rating hands to search, and to the user. */
export interface RatedSpace extends RatingTable {
  readonly blocks: readonly (readonly RatedRow[])[];
}

/**
 * Joins the ratings of all blocks with what each candidate costs in the assembled network: plain JSON.
 * @throws SpaceError unless every candidate of every block is rated, in order.
 */
export function ratingTable(space: SearchSpace, ratings: readonly (readonly CandidateRating[])[]): RatedSpace {
  const costOf = ratingCosts(space);
  const { macs, params, activationBytes } = stemCost(space);
  return {
    space: space.name,
    blocks: space.blocks.map((_, block) => {
      checkComplete(space, block, ratings[block] ?? []);
      return ratings[block].map(({ score, mse, relativeMse, ...candidate }) => ({
        ...candidate,
        score,
        mse,
        relativeMse,
        width: cellAt(space, block, candidate.cell).width,
        cost: costOf(candidate),
      }));
    }),
    stemWidth: outputShape(space.stem, space.input).channels,
    stemCost: { macs, params, activationBytes },
    headCost: headCost(space),
  };
}

function checkComplete(space: SearchSpace, block: number, ratings: readonly CandidateRating[]): void {
  const candidates = enumerateBlock(space, block);
  const wrong = candidates.findIndex(({ cell, path }, i) => {
    const rating = ratings[i];
    return !rating || rating.block !== block || rating.cell !== cell || rating.path.join() !== path.join();
  });
  if (wrong < 0 && ratings.length === candidates.length) return;
  throw new SpaceError(
    `ratingTable: block ${block} of ${space.name} must have its ${candidates.length} candidates rated in lexicographic order, got ${ratings.length}${wrong >= 0 ? `, another one at place ${wrong}` : ""}; rate the block with this space`,
    { block, candidates: candidates.length, ratings: ratings.length },
  );
}
