import { SpaceError } from "../core";
import { enteringWidths, headCost, ratingCosts, stemCost } from "../cost";
import { type Candidate, cellAt, enumerateBlock, type SearchSpace } from "../space";
import type { RatedCandidate, RatingTable } from "./types";

/**
 * A rating table of a space: its candidates in lexicographic order with their scores and their pairwise costs.
 * @param scores `[block][candidate]` in the order of `enumerateBlock`, or a function of the candidate.
 * @throws SpaceError when the numbers of scores and candidates differ.
 */
export function ratingTable(
  space: SearchSpace,
  scores: readonly (readonly number[])[] | ((candidate: Candidate) => number),
): RatingTable {
  const cost = ratingCosts(space);
  return {
    space: space.name,
    stemWidth: enteringWidths(space, 0)[0],
    stemCost: limited(stemCost(space)),
    headCost: headCost(space),
    blocks: space.blocks.map((_, block) => {
      const candidates = enumerateBlock(space, block);
      if (typeof scores !== "function" && scores[block]?.length !== candidates.length) {
        throw new SpaceError(
          `ratingTable: block ${block} of ${space.name} needs ${candidates.length} scores, got ${scores[block]?.length ?? 0}`,
        );
      }
      return candidates.map((candidate, i) => ({
        ...candidate,
        score: typeof scores === "function" ? scores(candidate) : scores[block][i],
        width: cellAt(space, block, candidate.cell).width,
        cost: cost(candidate),
      }));
    }),
  };
}

/**
 * A table whose scores are multiplied by their block's weight: the paper's sum of lambda_i L_val (DNA, section 3.1). The
 * released script's sum is plain, all weights 1.
 * A block of weight 0 does not count.
 * @throws SpaceError unless there is one weight from 0 a block, and one above 0 among them.
 */
export function weightedTable<
  R extends RatedCandidate,
  T extends RatingTable & { readonly blocks: readonly (readonly R[])[] },
>(table: T, weights: readonly number[]): T {
  const valid =
    weights.every((weight) => weight >= 0 && Number.isFinite(weight)) && weights.some((weight) => weight > 0);
  if (weights.length !== table.blocks.length || !valid) {
    throw new SpaceError(
      `weightedTable: ${table.space} needs one weight from 0 for each of its ${table.blocks.length} blocks, one of them above 0, got [${weights.join(", ")}]`,
      { weights },
    );
  }
  const blocks = table.blocks.map((rows, block) => rows.map((row) => ({ ...row, score: weights[block] * row.score })));
  return { ...table, blocks };
}

/**
 * A table whose scores are the logarithms of the ratings, so that the sum of a network is the logarithm of their product:
 * the released DNA script's other way to join blocks. A block's ratings then count by their ratio, not by their distance.
 * @throws SpaceError when a rating is not above 0.
 */
export function productTable<
  R extends RatedCandidate,
  T extends RatingTable & { readonly blocks: readonly (readonly R[])[] },
>(table: T): T {
  const log = (row: RatedCandidate) => {
    if (row.score > 0) return Math.log(row.score);
    throw new SpaceError(`productTable: ratings must be above 0, got ${row.score} in ${table.space}`, { row });
  };
  return { ...table, blocks: table.blocks.map((rows) => rows.map((row) => ({ ...row, score: log(row) }))) };
}

/**
 * A table of some of the candidates: one cell, cheap ones, ...
 * @throws SpaceError when a block keeps none.
 */
export function tableOf<
  R extends RatedCandidate,
  T extends RatingTable & { readonly blocks: readonly (readonly R[])[] },
>(table: T, keeps: (candidate: R) => boolean): T {
  const blocks = table.blocks.map((rows: readonly R[]) => rows.filter(keeps));
  const empty = blocks.findIndex(({ length }) => length === 0);
  if (empty < 0) return { ...table, blocks };
  throw new SpaceError(`tableOf: each block of ${table.space} must keep a candidate, block ${empty} keeps none`, {
    block: empty,
  });
}

function limited({ macs, params, activationBytes }: { macs: number; params: number; activationBytes: number }) {
  return { macs, params, activationBytes };
}
