import { join } from "node:path";
import { z } from "zod";
import { readJsonAs, writeJson } from "../core";
import type { CandidateRating } from "./candidate-rating";

const MEND = "run the same blockwise run again, which rates the block anew";

const count = z.int().min(0);
/** Older versions took fewer. */
const measures = {
  relativeL1: z.number().optional(),
  mse: z.number().optional(),
  relativeMse: z.number().optional(),
  nsr: z.number().optional(),
  divergence: z.number().optional(),
};

const ratingsSchema = z.looseObject({
  space: z.string(),
  block: count,
  seed: z.int(),
  images: z.int().min(1),
  candidates: z.array(
    z.looseObject({ block: count, cell: count, path: z.array(count), score: z.number(), ...measures }),
  ),
});

/** All ratings of a block, as `ratings/block<i>.json` has them. */
export interface BlockRatings {
  /** Name of the search space. */
  readonly space: string;
  readonly block: number;
  readonly seed: number;
  /** Validation images that the candidates were rated on. */
  readonly images: number;
  readonly candidates: readonly CandidateRating[];
}

/** Where a run's ratings of a block lie. @param folder The run's `ratings/`. */
export function ratingsFile(folder: string, block: number): string {
  return join(folder, `block${block}.json`);
}

/** Writes a block's ratings, whole or not at all. */
export function writeRatings(path: string, ratings: BlockRatings): void {
  writeJson(path, ratings);
}

/**
 * Reads a block's ratings.
 * @throws CheckpointError when they are absent, damaged, of another form, or not finite.
 */
export function readRatings(path: string): BlockRatings {
  return readJsonAs(path, ratingsSchema, { what: "a block's ratings", mend: MEND }) as unknown as BlockRatings;
}
