import { join } from "node:path";
import { z } from "zod";
import { contentHash, readJson, readJsonAs, writeJson } from "../core";
import type { CandidateRating } from "./candidate-rating";
import type { RatedSpace } from "./rating-table";

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

/**
 * Writes a run's table beside the ratings that it was made of, and names their content in it.
 * @param folder The run's `ratings/`.
 */
export function writeTable(folder: string, table: RatedSpace): void {
  const made = table.blocks.map((_, block) => [`block${block}.json`, contentOf(folder, `block${block}.json`)]);
  writeJson(tableFile(folder), { ...table, ratings: Object.fromEntries(made) });
}

/** Where a run's table lies. @param folder The run's `ratings/`. */
export function tableFile(folder: string): string {
  return join(folder, "table.json");
}

function contentOf(folder: string, file: string): string {
  return contentHash(readJson(join(folder, file), { what: "a block's ratings", mend: MEND }));
}
