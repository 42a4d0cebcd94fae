import { join } from "node:path";
import { z } from "zod";
import { readJsonAs, writeJson } from "../core";
import type { RatedSpace } from "../rate";
import type { RatedBy } from "../retrain";
import type { SearchSpace } from "../space";
import type { Calibration } from "../surrogate";
import { calibrateSpace } from "../surrogate";

const evidenceSchema = z.object({
  space: z.string(),
  /** Networks that were trained briefly, in their order. */
  networks: z.array(
    z.object({
      /** As `blockwise search` prints it. */
      id: z.string(),
      choice: z.array(z.object({ block: z.number(), cell: z.number(), path: z.array(z.number()) })),
      macs: z.number(),
      /** Top-1 on the validation split, 0..1. */
      accuracy: z.number().min(0).max(1),
      round: z.number(),
    }),
  ),
  rounds: z.number(),
  epochs: z.number(),
  /** Training images that each of them saw. */
  images: z.number(),
  /** Whether the ratings are read beside them. */
  ratings: z.boolean(),
});

/** What a run's brief trainings say: plain JSON, `ratings/evidence.json`. */
export type RunEvidence = z.output<typeof evidenceSchema>;

/** Inside the run's directory. */
export const EVIDENCE_FILE = "ratings/evidence.json";

export function writeEvidence(run: string, evidence: RunEvidence): void {
  writeJson(join(run, EVIDENCE_FILE), evidence);
}

/** @throws CheckpointError when the file is absent, damaged or something else. */
export function readEvidence(run: string): RunEvidence {
  return readJsonAs(join(run, EVIDENCE_FILE), evidenceSchema, {
    what: "a run's brief trainings",
    mend: "the same blockwise run again writes it anew",
  });
}

/** Ratings made true by a run's brief trainings: the table that is searched, and how sure it is. */
export function calibratedTable(
  space: Pick<SearchSpace, "blocks">,
  table: RatedSpace,
  { networks, ratings }: RunEvidence,
): { readonly table: RatedSpace; readonly calibration: Calibration } {
  const calibration = calibrateSpace(space, table, networks, { ratings });
  return { table: calibration.calibrated(table), calibration };
}

/** How a run's networks were rated. */
export function ratedBy(score: string, evidence?: RunEvidence, calibration?: Calibration): RatedBy {
  if (!evidence || !calibration) return { score };
  const { networks, rounds, epochs, images, ratings } = evidence;
  const { noise, ratingShare } = calibration;
  return { score, evidence: { networks: networks.length, rounds, epochs, images, ratings, noise, ratingShare } };
}
