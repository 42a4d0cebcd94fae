import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readJson, type StepContext, writeJson } from "../../../core";
import { type Dataset, loadDataset } from "../../../data";
import type { DistillEpoch } from "../../../distill";
import type { CandidateRating } from "../../../rate";
import { architecturePreset, nasBenchMacroSpace } from "../../../space";
import { RunDirectory } from "../../../study";
import { Teacher, trainTeacher } from "../../../teacher";
import { rateBlocks } from "../rate-blocks";
import type { Provenance } from "./provenance";
import type { BlockScores } from "./scores";
import type { RatingJob } from "./study-config";

/** Measures that a job's raw ratings have, each an object of digits a block. */
export type Measure = "relativeL1" | "relativeMse" | "nsr" | "divergence";
const MEASURES: readonly Measure[] = ["relativeL1", "relativeMse", "nsr", "divergence"];

/** The raw ratings of one setting under one seed: committed, and all that the study's figures are computed from. */
export interface RawRatings {
  readonly study: string;
  readonly variant: string;
  readonly title: string;
  readonly seed: number;
  readonly cuts: readonly number[];
  /** DNA's rating (relative L1) by the digits of the block's layers; lower is better. */
  readonly blocks: readonly BlockScores[];
  /** The same under every measure that was taken. */
  readonly measures: Partial<Record<Measure, readonly BlockScores[]>>;
  /** Mean squared error of each block's distillation, epoch by epoch. */
  readonly losses: readonly (readonly number[])[];
  readonly teacher: TeacherSummary;
  /** By step; of a block's distillation the time of the thread that did it. */
  readonly durationsMs: Readonly<Record<string, number>>;
  readonly experiment: unknown;
  readonly provenance: Provenance;
}

export interface TeacherSummary {
  readonly architecture: string;
  /** Top-1 on the validation images, 0..1. */
  readonly accuracy: number;
  readonly trainImages: number;
  readonly epochs: number;
  readonly seed: number;
  readonly fingerprint: string;
}

/** Where a job finds and leaves things. */
export interface JobPlace {
  /** Folder of the runs; teachers lie in `teachers/` there and are shared by all studies. */
  readonly runs: string;
  /** The images, see `cifar10`; the usual places when undefined. */
  readonly images: string | undefined;
  readonly provenance: () => Provenance;
}

/**
 * Trains or loads the teacher, distils and rates all blocks and writes the job's raw ratings. Goes on where it was stopped;
 * a job whose result is there already is done.
 * @throws StudyError when the runs folder holds the job under another configuration.
 */
export async function runJob(
  job: RatingJob,
  { runs, images: root, provenance }: JobPlace,
  context: StepContext,
): Promise<RawRatings> {
  if (existsSync(job.result)) return readJson(job.result) as RawRatings;
  const { experiment, study, variant, title, seed, cuts, teacherSeed } = job;
  const data = await loadDataset(experiment.data.name, { ...experiment.data, root, seed: teacherSeed }, context);
  const teacher = await sharedTeacher(job, data, runs, context);
  const run = RunDirectory.open(join(runs, study, `${variant}-seed${seed}`), { ...experiment, cuts, teacherSeed });
  try {
    const space = nasBenchMacroSpace(cuts);
    const blocks = teacher.split(cuts);
    const rated = await rateBlocks({ config: experiment, run, data, teacher, blocks, space }, context);
    const measures = Object.fromEntries(
      MEASURES.filter((measure) => rated[0][0][measure] !== undefined).map((measure) => [
        measure,
        byDigits(rated, measure),
      ]),
    ) as RawRatings["measures"];
    const { data: images } = experiment;
    const raw: RawRatings = {
      study,
      variant,
      title,
      seed,
      cuts,
      blocks: byDigits(rated, "relativeL1"),
      measures,
      losses: space.blocks.map((_, block) => epochsOf(run, block).map(({ loss }) => loss)),
      teacher: {
        architecture: teacher.architecture.name,
        accuracy: teacher.accuracy,
        trainImages: images.trainCount ?? data.train.count,
        epochs: experiment.teacher.epochs,
        seed: teacherSeed,
        fingerprint: teacher.fingerprint(),
      },
      durationsMs: {
        ...Object.fromEntries(run.records.map(({ step, durationMs }) => [step, durationMs as number])),
        ...Object.fromEntries(space.blocks.map((_, block) => [distillStep(block), distillMs(run, block)])),
      },
      experiment,
      provenance: provenance(),
    };
    writeJson(job.result, raw);
    return raw;
  } finally {
    run.close();
    teacher.dispose();
  }
}

function byDigits(rated: readonly (readonly CandidateRating[])[], measure: Measure): BlockScores[] {
  return rated.map((block) => Object.fromEntries(block.map((rating) => [rating.path.join(""), rating[measure]!])));
}

const distillStep = (block: number) => `distill/block${block}`;

function epochsOf(run: RunDirectory, block: number): readonly DistillEpoch[] {
  return (run.result(distillStep(block)) as { history: DistillEpoch[][] }).history[0];
}

/** The record's own duration is that of loading only, where the workers had distilled the block before. */
function distillMs(run: RunDirectory, block: number): number {
  return Math.round(epochsOf(run, block).reduce((sum, { durationMs }) => sum + durationMs, 0));
}

/** The teacher of these options and images, from the shared folder or trained into it. */
async function sharedTeacher(
  { experiment, teacherSeed }: RatingJob,
  data: Dataset,
  runs: string,
  context: StepContext,
): Promise<Teacher> {
  const { architecture, ...options } = experiment.teacher;
  if (typeof architecture !== "string") throw new TypeError("ranking: the teacher must be a preset of NAS-Bench-Macro");
  const hash = createHash("sha256").update(JSON.stringify([architecture, options, teacherSeed, data.fingerprint]));
  const name = `${architecture.split("/").at(-1)}-${hash.digest("hex").slice(0, 8)}`;
  const path = join(runs, "teachers", `${name}.safetensors`);
  if (existsSync(path)) return Teacher.load(path);
  const checkpoint = join(runs, "teachers", `${name}.checkpoint.safetensors`);
  const trained = await trainTeacher(
    architecturePreset(architecture),
    data,
    { ...options, seed: teacherSeed, checkpoint },
    context,
  );
  trained.save(path);
  return trained;
}
