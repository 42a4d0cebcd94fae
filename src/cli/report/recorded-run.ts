import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, readFailure, readJsonAs, StudyError } from "../../core";
import type { DistillEpoch } from "../../distill";
import { type BlockRatings, ratingsFile, readRatings } from "../../rate";
import type { MeasuredFront } from "../../retrain";
import type { SearchSpace } from "../../space";
import type { RunEvidence } from "../../study";
import { checkBlockWise, doneSteps, type JournalRecord, readSittings, replay, type Sitting } from "../../study";
// Not the room's index: that loads an engine.
import { readEvidence } from "../../study/evidence-file";
import type { ExperimentConfig } from "../../systems/dna";
import type { TeacherBlock } from "../../teacher";
import type { TrainingHistory } from "../../train";

/** What a run directory says, as far as the run came: what is not there yet is undefined. */
export interface RecordedRun {
  readonly path: string;
  readonly config: ExperimentConfig;
  /** The machines and engines that it ran on, in order of time. */
  readonly sittings: readonly Sitting[];
  /** The engine that did each step, where it was recorded. */
  readonly engines: readonly { step: string; backend: string; threads: number; isa?: string }[];
  readonly teacher?: { architecture: string; macs: number; params: number; history: TrainingHistory };
  readonly space?: { blocks: readonly TeacherBlock[]; space: SearchSpace };
  /** `[block][cell][epoch]`, of the blocks that are complete. */
  readonly distilled: readonly { block: number; history: readonly (readonly DistillEpoch[])[] }[];
  readonly rated: readonly BlockRatings[];
  /** Networks that were trained briefly to make the ratings true. */
  readonly evidence?: RunEvidence;
  readonly search?: { budget: { macs?: number }; best: { score: number; macs: number; params: number } };
  readonly retrained: readonly { label: string; history: TrainingHistory }[];
  readonly front?: MeasuredFront;
}

const count = z.number();
const history = z.looseObject({
  epochs: z.array(z.looseObject({ epoch: count, loss: count, durationMs: count })),
  accuracy: count.optional(),
  validationImages: count.optional(),
});
const block = z.looseObject({ index: count, macs: count, params: count, lastLayer: count });
const costs = { macs: count, params: count };
const shape = z.object({ height: count, width: count, channels: count });

/** What the records of steps must have to be shown. */
const RESULTS = {
  teacher: z.looseObject({ architecture: z.string(), ...costs, history }),
  space: z.looseObject({
    blocks: z.array(block),
    space: z.looseObject({
      name: z.string(),
      classes: count,
      input: shape,
      stem: z.array(z.unknown()),
      head: z.array(z.unknown()),
      blocks: z
        .array(
          z.looseObject({
            input: shape,
            output: shape,
            cells: z.array(z.looseObject({ depth: count, width: count })),
          }),
        )
        .min(1),
    }),
  }),
  distilled: z.looseObject({
    history: z.array(z.array(z.looseObject({ epoch: count, loss: count, durationMs: count }))),
  }),
  search: z.looseObject({ budget: z.looseObject({}), best: z.looseObject({ score: count, ...costs }) }),
  retrained: z.looseObject({ history }),
  front: z.looseObject({
    measured: z
      .array(
        z.looseObject({
          label: z.string(),
          kind: z.string(),
          ...costs,
          accuracy: count,
          validationAccuracy: count.optional(),
        }),
      )
      .min(2),
    predictedFront: z.array(z.looseObject({ ...costs, score: count })),
    predicted: z.array(z.looseObject({ label: z.string(), macs: count, score: count })),
  }),
};

/** What of a configuration is shown; runs of older versions have no later options. */
const configSchema = z.looseObject({
  seed: count,
  threads: count.optional(),
  data: z.looseObject({ name: z.string(), validationCount: count.optional() }),
  teacher: z.looseObject({ file: z.string().optional(), featuresOnly: z.boolean().optional() }),
  distill: z.looseObject({ images: count, epochs: z.union([count, z.array(count)]), sampler: z.string() }),
  rate: z.looseObject({ images: count }),
  retrain: z.looseObject({ epochs: count }),
});

const engineSchema = z.looseObject({ backend: z.string(), threads: count, isa: z.string().optional() });
const AGAIN = "run the same blockwise run again, which does what is missing";

/**
 * Reads a run directory without touching it; the run may still be at work.
 * @throws ConfigError when the directory is none of a run, StudyError when its journal is damaged, CheckpointError when another file is.
 */
export function readRun(path: string, where = "report"): RecordedRun {
  const config = join(path, "config.json");
  const journal = join(path, "journal.jsonl");
  if (!existsSync(config) || !existsSync(journal)) {
    // With one of the two it is a damaged run.
    const Refused = existsSync(config) || existsSync(journal) ? StudyError : ConfigError;
    throw new Refused(
      `${where}: ${path} must be the directory of a run, and has no ${existsSync(config) ? "journal.jsonl" : "config.json"}; make one with blockwise run experiments/quickstart.json`,
      { path },
    );
  }
  checkBlockWise(path, where);
  const done = doneSteps(replay(bytesOf(journal), journal).records);
  const result = <T>(step: string, schema: z.ZodType) => checked<T>(done.get(step), schema, journal);
  const numbered = (prefix: string) =>
    [...done.keys()].filter((step) => step.startsWith(prefix)).map((step) => step.slice(prefix.length));
  const blocks = (prefix: string) =>
    numbered(prefix)
      .map(Number)
      .sort((a, b) => a - b);
  return {
    path,
    config: readJsonAs(config, configSchema, {
      what: "a run's configuration",
      mend: `${AGAIN} and writes it again`,
    }) as unknown as ExperimentConfig,
    sittings: readSittings(join(path, "environment.json")),
    engines: [...done.values()].flatMap(({ step, engine }) => {
      const { data } = engineSchema.safeParse(engine);
      return data ? [{ step, backend: data.backend, threads: data.threads, isa: data.isa }] : [];
    }),
    teacher: result("teacher", RESULTS.teacher),
    space: result("space", RESULTS.space),
    distilled: blocks("distill/block").map((block) => ({
      block,
      ...result<{ history: DistillEpoch[][] }>(`distill/block${block}`, RESULTS.distilled)!,
    })),
    rated: blocks("rate/block").map((block) => readRatings(ratingsFile(join(path, "ratings"), block))),
    ...(done.has("improve") && { evidence: readEvidence(path) }),
    search: result("search", RESULTS.search),
    retrained: numbered("retrain/").map((label) => ({
      label,
      ...result<{ history: TrainingHistory }>(`retrain/${label}`, RESULTS.retrained)!,
    })),
    front: result("front", RESULTS.front),
  };
}

function bytesOf(journal: string): Buffer {
  try {
    return readFileSync(journal);
  } catch (cause) {
    throw new StudyError(`report: ${journal} must be a run's journal, and ${readFailure(cause)}; ${AGAIN}`, {
      path: journal,
    });
  }
}

function checked<T>(record: JournalRecord | undefined, schema: z.ZodType, journal: string): T | undefined {
  if (!record) return undefined;
  const { success, error } = schema.safeParse(record.result);
  if (success) return record.result as T;
  throw new StudyError(
    `report: the record of ${record.step} in ${journal} must say what came of the step, and does not: ${z.prettifyError(error)}; delete the line and ${AGAIN}`,
    { path: journal, step: record.step },
  );
}
