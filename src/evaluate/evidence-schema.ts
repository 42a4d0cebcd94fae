import { z } from "zod";
import { MOST } from "../core";
import { COUNTS, upTo } from "../core/config-schema";
import { BRIEF_DEFAULTS, FEWEST } from "../surrogate";
import { TRAINING_SCHEMA } from "../train";

/** Brief trainings that make ratings true before a search, see `gatherEvidence`, as a configuration says them. */
export const evidenceSchema = z.strictObject({
  /** Networks to train in all, in so many rounds, each of which proposes by what those before said. */
  networks: z.int().min(FEWEST).max(MOST.networks).default(BRIEF_DEFAULTS.networks),
  rounds: upTo(MOST.rounds).default(BRIEF_DEFAULTS.rounds),
  epochs: COUNTS.epochs.default(BRIEF_DEFAULTS.epochs),
  /** Training images of these trainings, drawn by the seed; all when left out. */
  images: COUNTS.images.optional(),
  /** No round begins after so many minutes of a sitting. */
  minutes: z.number().gt(0).optional(),
  /** Whether the ratings are read; without, what the trainings say alone: the control. */
  ratings: z.boolean().default(true),
  ...TRAINING_SCHEMA,
});

/** What a configuration says of brief trainings. */
export type EvidenceConfig = z.output<typeof evidenceSchema>;
