import { z } from "zod";
import { readJsonAs } from "../../core";

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

const sposSchema = z.looseObject({
  study: z.string(),
  seed: z.int(),
  scores: z.record(z.string(), z.number()),
  trainMs: z.number().optional(),
});

const retrainingSchema = z.looseObject({
  networks: z.array(z.looseObject({ key: z.string(), macs: z.number(), testAccuracy: z.number() })),
});

const summarySchema = z.looseObject({
  variants: z.array(z.looseObject({ variant: z.string(), measure: z.string() })).min(1),
  intervals: z.looseObject({}),
});

const mend = "fetch it anew, or delete it and run the same blockwise study again";

/** A setting's raw ratings. @throws CheckpointError when the file is absent, damaged, of another form, or not finite. */
export function readRawRatings<RawRatings>(path: string): RawRatings {
  return readJsonAs(path, rawSchema, { what: "a study's raw ratings", mend }) as unknown as RawRatings;
}

/** A global supernet's ratings. @throws CheckpointError as {@link readRawRatings}. */
export function readSposRatings<SposRatings>(path: string): SposRatings {
  return readJsonAs(path, sposSchema, { what: "the ratings of a global supernet", mend }) as unknown as SposRatings;
}

/** Networks that a study trained. @throws CheckpointError as {@link readRawRatings}. */
export function readRetraining<Retraining>(path: string): Retraining {
  return readJsonAs(path, retrainingSchema, {
    what: "the networks that a study trained",
    mend,
  }) as unknown as Retraining;
}

/** A study's stored figures. @throws CheckpointError as {@link readRawRatings}. */
export function readSummary<StudySummary>(path: string): StudySummary {
  return readJsonAs(path, summarySchema, { what: "a study's figures", mend }) as unknown as StudySummary;
}
