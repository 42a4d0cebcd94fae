import { existsSync } from "node:fs";
import { z } from "zod";
import type { BlockScores } from "../../benchmark/ranking";
import { readJsonAs } from "../../core";
import type { Provenance } from "../provenance";
import { blockScoresOf, type Measure, type Measures } from "./measures";
import type { SettingName, StudySetting } from "./settings";
import type { WithoutLabels } from "./study-config";

/** The raw ratings of one setting under one seed: committed, and all that the study's figures are computed from. */
export interface RawRatings {
  readonly study: string;
  readonly variant: string;
  readonly title: string;
  readonly seed: number;
  readonly cuts: readonly number[];
  /** Whole networks were rated, as chains of the supernets between these cuts. */
  readonly chained?: readonly number[];
  /** The study's rating by the digits of the block's layers; lower is better. */
  readonly blocks: readonly BlockScores[];
  /** The same under every measure that was taken. */
  readonly measures: Measures;
  /** Mean squared error of each block's distillation, epoch by epoch. */
  readonly losses: readonly (readonly number[])[];
  readonly teacher: TeacherSummary;
  /** By step; of a block's distillation the time of the thread that did it. */
  readonly durationsMs: Readonly<Record<string, number>>;
  readonly experiment: unknown;
  /** How the teacher learnt, where it saw no labels. */
  readonly withoutLabels?: WithoutLabels;
  /** The rated supernets are those of this variant, after the epoch or the last one. */
  readonly distilledBy?: SettingName;
  readonly epoch?: number;
  readonly provenance: Provenance;
}

export interface TeacherSummary {
  readonly architecture: string;
  /** Top-1 on the validation images, 0..1; of one without labels that of a linear classifier of its last features. */
  readonly accuracy: number;
  readonly trainImages: number;
  readonly epochs: number;
  readonly seed: number;
  readonly fingerprint: string;
  /** What is to be known of it, each a sentence. */
  readonly remarks?: readonly string[];
}

/** What figures are computed from in the results that studies left; the rest is only shown. Numbers must be finite. */
const scores = z.array(z.record(z.string(), z.number()));

const rawSchema = z.looseObject({
  study: z.string().optional(),
  variant: z.string(),
  title: z.string().optional(),
  seed: z.int(),
  cuts: z.array(z.int()),
  blocks: scores,
  measures: z.record(z.string(), scores),
  losses: z.array(z.array(z.number())).optional(),
  teacher: z.looseObject({ accuracy: z.number() }).optional(),
  durationsMs: z.record(z.string(), z.number()).optional(),
  experiment: z.looseObject({}).optional(),
});

/** How to mend a damaged result of a study. */
export const RESULT_MEND = "fetch it anew, or delete it and run the same blockwise study again";

/** A setting's raw ratings. @throws CheckpointError when the file is absent, damaged, of another form, or not finite. */
export function readRawRatings(path: string): RawRatings {
  return readJsonAs(path, rawSchema, { what: "a study's raw ratings", mend: RESULT_MEND }) as unknown as RawRatings;
}

/** The raw ratings of those settings that are done. */
export function ratingsThere(settings: readonly Pick<StudySetting, "result">[]): RawRatings[] {
  return settings.filter(({ result }) => existsSync(result)).map(({ result }) => readRawRatings(result));
}

/** Ratings of one setting under one seed, with the blocks' scores under the measure. @throws ConfigError when it was not taken. */
export function underMeasure(raws: readonly RawRatings[], measure: Measure): RawRatings[] {
  return raws.map((raw) => ({ ...raw, blocks: blockScoresOf(raw, measure) }));
}
