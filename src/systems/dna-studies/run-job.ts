import { existsSync } from "node:fs";
import { join } from "node:path";
import { blockDigits, canonicalKeys } from "../../benchmark";
import type { BlockScores } from "../../benchmark/ranking";
import { type StepContext, StudyError, writeJson } from "../../core";
import { loadDataset } from "../../data";
import { type CellCheckpoints, type DistillEpoch, epochFolder, fileCheckpoints } from "../../distill";
import { type CandidateRating, SCORES } from "../../rate";
import { nasBenchMacroSpace } from "../../space";
import { differences, type Provenance, RunDirectory, rateBlocks, rateChainsOf, type SupernetRun } from "../../study";
import { blockScoresOf, type Measures, type RawRatings, readRawRatings } from "../../study/ranking";
import { type ExperimentConfig, parseExperiment } from "../dna/config";
import type { StudyJob } from "./jobs";
import { sharedTeacher, withTeacher } from "./shared-teacher";
import { probedAccuracy } from "./teacher-without-labels";

/** Where a job finds and leaves things. */
export interface JobPlace {
  /** Folder of the runs; teachers and features lie in `teachers/` and `features/` there and are shared by all studies. */
  readonly runs: string;
  /** The images, see `cifar10`; the usual places when undefined. */
  readonly images: string | undefined;
  readonly provenance: () => Provenance;
}

/**
 * Trains or loads the teacher, distils and rates all blocks and writes the job's raw ratings. Goes on where it was stopped;
 * a job whose result is there already is done.
 * @throws StudyError when the result or the runs folder has the job under another configuration.
 */
export async function runJob(
  given: StudyJob,
  { runs, images: root, provenance }: JobPlace,
  context: StepContext,
): Promise<RawRatings> {
  const job = withTeacher(given);
  const { experiment, study, variant, title, seed, cuts, teacherSeed, measure, distilledBy, epoch, withoutLabels } =
    job;
  if (existsSync(job.result)) return checked(readRawRatings(job.result), job);
  const { name: dataset, ...division } = experiment.data;
  const data = await loadDataset(dataset, { ...division, ...(root && { root }), seed: teacherSeed }, context);
  const teacher = await sharedTeacher(job, data, runs, context);
  const run = RunDirectory.open(join(runs, study, `${variant}-seed${seed}`), {
    ...experiment,
    cuts,
    teacherSeed,
    ...(withoutLabels && { withoutLabels }),
  });
  try {
    const space = nasBenchMacroSpace(cuts);
    const blocks = teacher.split(cuts);
    const states = statesOf(job, run, runs);
    // Variants with the same teacher, cuts and images share them.
    const features = join(runs, "features");
    const supernets: SupernetRun = {
      config: experiment,
      run,
      data,
      teacher,
      blocks,
      space,
      features,
      states,
      loadOnly: !!distilledBy,
    };
    const started = performance.now();
    const rated = job.chains ? [await rateNetworks(supernets, cuts, context)] : await rateBlocks(supernets, context);
    const measures = Object.fromEntries(
      SCORES.filter((one) => rated[0][0][one] !== undefined).map((one) => [one, byDigits(rated, one)]),
    ) as Measures;
    const distilled = job.chains ? [] : [...space.blocks.keys()];
    const raw: RawRatings = {
      study,
      variant,
      title,
      seed,
      cuts: job.chains ? [] : cuts,
      ...(job.chains && { chained: cuts }),
      blocks: blockScoresOf({ variant, measures }, measure),
      measures,
      losses: distilled.map((block) => epochsOf(run, block).map(({ loss }) => loss)),
      teacher: {
        architecture: teacher.architecture.name,
        accuracy: withoutLabels ? await probedAccuracy(teacher, data, teacherSeed, context) : teacher.accuracy!,
        trainImages: withoutLabels?.epochs === 0 ? 0 : (withoutLabels?.images ?? data.train.count),
        epochs: (withoutLabels ?? experiment.teacher).epochs,
        seed: teacherSeed,
        fingerprint: teacher.fingerprint(),
        ...(teacher.remarks.length > 0 && { remarks: teacher.remarks }),
      },
      durationsMs: {
        ...Object.fromEntries(run.records.map(({ step, durationMs }) => [step, durationMs as number])),
        ...(job.chains && { "rate/chains": Math.round(performance.now() - started) }),
        ...Object.fromEntries(distilled.map((block) => [distillStep(block), distillMs(run, block)])),
      },
      experiment,
      ...(withoutLabels && { withoutLabels }),
      ...(distilledBy && { distilledBy }),
      ...(epoch && { epoch }),
      provenance: provenance(),
    };
    writeJson(job.result, raw);
    return raw;
  } finally {
    run.close();
    teacher.dispose();
  }
}

/** Where the supernets' states lie: the run's own, or those of the variant that distilled them. */
function statesOf(
  { seed, distilledBy, epoch, keepEpochs }: StudyJob,
  run: RunDirectory,
  runs: string,
): CellCheckpoints {
  const own = (folder: string) => fileCheckpoints(folder, { everyEpoch: keepEpochs });
  if (!distilledBy) return own(run.file("checkpoints"));
  const { study, variant } = distilledBy;
  const folder = join(runs, study, `${variant}-seed${seed}`, "checkpoints");
  const states = epoch ? epochFolder(folder, epoch) : folder;
  if (existsSync(states)) return fileCheckpoints(states);
  throw new StudyError(
    `study: ${states} must hold the supernets that ${variant} of ${study} distilled, and does not exist; delete its result for seed ${seed} and run that study again`,
    { states },
  );
}

/** @throws StudyError when ratings that are there are of another setting. */
function checked(raw: RawRatings, { experiment, cuts, result, withoutLabels }: StudyJob): RawRatings {
  // Parsed once more: options that are newer than the file have the defaults that it was made with. Only what a rating reads:
  // defaults of searching and retraining may change without making it another.
  const read = (
    { seed, data, teacher, distill, rate }: ExperimentConfig,
    of: readonly number[],
    unlabelled: StudyJob["withoutLabels"],
  ) => ({
    seed,
    data,
    teacher,
    distill,
    rate,
    cuts: of,
    ...(unlabelled && { withoutLabels: unlabelled }),
  });
  const different = differences(
    read(parseExperiment(raw.experiment, result), raw.chained ?? raw.cuts, raw.withoutLabels),
    read(experiment, cuts, withoutLabels),
  );
  if (different.length === 0) return raw;
  throw new StudyError(
    `study: ${result} must have the study's own setting, and differs in ${different.join("; ")}; delete it to rate anew`,
    { result, differences: different },
  );
}

/** All networks of the benchmark, each as the chain of its blocks' candidates. */
async function rateNetworks(supernets: SupernetRun, cuts: readonly number[], context: StepContext): Promise<Rated[]> {
  const chains = canonicalKeys().map((key) =>
    blockDigits(key, cuts).map((digits, block) => ({ block, cell: 0, path: [...digits].map(Number) })),
  );
  const rated = await rateChainsOf(supernets, chains, context);
  return rated.map(({ chain, ...rating }) => ({ ...rating, path: chain.flatMap(({ path }) => path) }));
}

/** A rating of a block, or of a whole network. */
type Rated = Omit<CandidateRating, "block" | "cell">;

function byDigits(rated: readonly (readonly Rated[])[], measure: keyof Measures): BlockScores[] {
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
