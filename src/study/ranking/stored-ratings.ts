import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DataError, readJson } from "../../core";
import type { Measure } from "./measures";
import { type RawRatings, readRawRatings, underMeasure } from "./raw-ratings";

/** A study's committed ratings: its first variant's, one a seed, and the weights chosen for them. */
export interface StoredRatings {
  readonly measure: Measure;
  readonly weights: readonly number[];
  /** Rising in seed; `blocks` are the ratings under the measure. */
  readonly raws: readonly RawRatings[];
}

/**
 * Reads what `blockwise study` left of a study.
 * @param results The study's folder of raw ratings; its figures lie beside it in `<results>.json`.
 * @throws DataError when files are absent.
 */
export function storedRatings(results: string): StoredRatings {
  const figures = `${results}.json`;
  const missing = [figures, results].filter((path) => !existsSync(path));
  if (missing.length > 0) {
    throw new DataError(
      `stored ratings: ${missing.join(" and ")} must exist, and ${missing.length === 1 ? "does" : "do"} not; make it with npx blockwise study ranking`,
      { missing },
    );
  }
  const { weights, variants } = readJson(figures) as {
    readonly weights: readonly number[];
    readonly variants: readonly { readonly variant: string; readonly measure: Measure }[];
  };
  const [{ variant, measure }] = variants;
  const raws = readdirSync(results)
    // Ratings of other variants, and of a global supernet, lie beside them.
    .filter((file) => file.startsWith(`${variant}-seed`) && file.endsWith(".json"))
    .map((file) => readRawRatings(join(results, file)))
    .sort((a, b) => a.seed - b.seed);
  if (raws.length === 0) {
    throw new DataError(`stored ratings: ${results} must have ratings of ${variant}, and has none`, { results });
  }
  return { measure, weights, raws: underMeasure(raws, measure) };
}
