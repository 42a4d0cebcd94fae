import { join } from "node:path";
import { z } from "zod";
import { CheckpointError, contentHash, readJson, readJsonAs, writeJson } from "../core";
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

const costName = z.enum(["macs", "params", "activationBytes", "latencyMs"]);
const perWidth = z.partialRecord(costName, z.record(z.string(), z.number()));

const tableSchema = z.looseObject({
  space: z.string(),
  stemWidth: z.number(),
  stemCost: z.partialRecord(costName, z.number()),
  headCost: perWidth,
  blocks: z
    .array(
      z.array(
        z.looseObject({
          block: count,
          cell: count,
          path: z.array(count),
          score: z.number(),
          width: z.number(),
          cost: perWidth,
          ...measures,
        }),
      ),
    )
    .min(1),
  /** Content of the ratings that the table was made of, by file; older tables do not say. */
  ratings: z.record(z.string(), z.string()).optional(),
});

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

/**
 * Reads a run's table.
 * @param folder The run's `ratings/`.
 * @throws CheckpointError when it is absent, damaged or of another form, or when ratings beside it are not those that it was
 *   made of.
 */
export function readTable(folder: string): RatedSpace {
  const path = tableFile(folder);
  const mend = "run the same blockwise run again, which makes it anew from the ratings";
  const { ratings = {}, ...table } = readJsonAs(path, tableSchema, { what: "a run's table of ratings", mend });
  for (const [file, made] of Object.entries(ratings)) {
    const now = contentOf(folder, file);
    if (now === made) continue;
    throw new CheckpointError(
      `search: ${path} must be made of the ratings beside it, and ${file} has changed since (SHA-256 ${made.slice(0, 16)}..., now ${now.slice(0, 16)}...); ${mend}`,
      { path, file },
    );
  }
  return table as RatedSpace;
}

function contentOf(folder: string, file: string): string {
  return contentHash(readJson(join(folder, file), { what: "a block's ratings", mend: MEND }));
}
