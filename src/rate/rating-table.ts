import { SpaceError } from "../core";
import { type RatedCandidate, type RatingTable, ratingTable } from "../search";
import { enumerateBlock, type SearchSpace } from "../space";
import type { CandidateRating } from "./candidate-rating";

/** A row of the table, with the errors beside the score. */
export type RatedRow = RatedCandidate &
  Pick<CandidateRating, "relativeL1" | "mse" | "relativeMse" | "nsr" | "divergence">;

/** What rating hands to search, and to the user. */
export interface RatedSpace extends RatingTable {
  readonly blocks: readonly (readonly RatedRow[])[];
}

/**
 * Joins the ratings of all blocks with what each candidate costs in the assembled network: plain JSON.
 * @throws SpaceError unless every candidate of every block is rated, in order.
 */
export function ratedTable(space: SearchSpace, ratings: readonly (readonly CandidateRating[])[]): RatedSpace {
  for (let block = 0; block < space.blocks.length; block++) checkComplete(space, block, ratings[block] ?? []);
  const table = ratingTable(
    space,
    ratings.map((block) => block.map(({ score }) => score)),
  );
  return {
    ...table,
    blocks: table.blocks.map((rows, block) =>
      rows.map((row, i) => {
        const { relativeL1, mse, relativeMse, nsr, divergence } = ratings[block][i];
        return { ...row, relativeL1, mse, relativeMse, nsr, ...(divergence !== undefined && { divergence }) };
      }),
    ),
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
    `ratedTable: block ${block} of ${space.name} must have its ${candidates.length} candidates rated in lexicographic order, got ${ratings.length}${wrong >= 0 ? `, another one at place ${wrong}` : ""}; rate the block with this space`,
    { block, candidates: candidates.length, ratings: ratings.length },
  );
}
