import { z } from "zod";
import { readJsonAs } from "../../core";
import type { Provenance } from "../../study";
import { RESULT_MEND } from "../../study/ranking";

/** Ratings of whole networks by one weight-sharing supernet: a sample of the space. */
export interface SposRatings {
  readonly study: string;
  readonly seed: number;
  /** Validation cross-entropy by key; lower is better. */
  readonly scores: Readonly<Record<string, number>>;
  readonly trainMs: number;
  readonly rateMs: number;
  readonly epochs: number;
  readonly images: number;
  readonly provenance: Provenance;
}

const sposSchema = z.looseObject({
  study: z.string(),
  seed: z.int(),
  scores: z.record(z.string(), z.number()),
  trainMs: z.number().optional(),
});

/** A global supernet's ratings. @throws CheckpointError when the file is absent, damaged, of another form, or not finite. */
export function readSposRatings(path: string): SposRatings {
  return readJsonAs(path, sposSchema, {
    what: "the ratings of a global supernet",
    mend: RESULT_MEND,
  }) as unknown as SposRatings;
}
