import { existsSync } from "node:fs";
import { join } from "node:path";
import { reportedSample, type TrueNetwork } from "../../benchmark";
import { ConfigError, fingerprint, nearestName, type StepContext, writeJson } from "../../core";
import { blockScoresOf, figuresFile, type RawRatings, readRawRatings, type StudyConfig } from "../../study/ranking";
import { rateBySpos } from "../spos";
import { jobsOf, type StudyJob } from "./jobs";
import { retrainNetworks } from "./retrain-networks";
import { type JobPlace, runJob } from "./run-job";
import { type StudySummary, storedSummary, summariseStudy } from "./study-summary";

/** Which part of a study to do; all of it when left out. */
export interface StudyPart {
  readonly seed?: number;
  /** A variant's name. */
  readonly variant?: string;
}

/** Told after each job, done now or before. */
export type OnJob = (job: StudyJob, raw: RawRatings) => void;

/**
 * Does a study's jobs, or those of a part: distils, rates, trains the global supernet and retrains networks; writes what
 * comes of each and the figures. What is done already is not done again, and what was stopped goes on.
 * @throws StudyError when what is there is of another setting, ConfigError when the study has no such part.
 */
export async function runStudy(
  study: StudyConfig,
  part: StudyPart,
  truth: readonly TrueNetwork[],
  place: JobPlace,
  context: StepContext,
  onJob: OnJob = () => {},
): Promise<StudySummary> {
  const jobs = jobsOfPart(study, part);
  for (const job of jobs) onJob(job, await runJob(job, place, context));
  if (study.spos) {
    const { networks, ...options } = study.spos;
    const keys = reportedSample(networks);
    const { images, provenance, runs } = place;
    for (const job of jobs.filter(({ name }) => name === study.variants[0].name)) {
      const checkpoint = join(runs, job.study, `spos-seed${job.seed}.safetensors`);
      const result = sposResult(study, job.seed);
      await rateBySpos(job, { ...options, result, checkpoint, images, keys, provenance }, context);
    }
  }
  const summary = writeFigures(study, truth);
  if (study.retrain) await retrainNetworks(jobs[0], study.retrain, place, context);
  return summary;
}

/** The jobs of a part, one at least. @throws ConfigError when the study has no such part, with those that it has. */
export function jobsOfPart(study: StudyConfig, part: StudyPart): StudyJob[] {
  const jobs = jobsOf(study).filter(
    ({ seed, name }) => (part.seed ?? seed) === seed && (part.variant ?? name) === name,
  );
  if (jobs.length > 0) return jobs;
  const parts = study.variants.map((one) => `${one.name} (seeds ${(one.seeds ?? study.seeds).join(", ")})`);
  const asked = Object.entries(part).flatMap(([key, value]) => (value === undefined ? [] : [`${key} ${value}`]));
  const names = study.variants.map(({ name }) => name);
  const { variant } = part;
  const near = variant === undefined || names.includes(variant) ? undefined : nearestName(variant, names);
  throw new ConfigError(
    `study ${study.name}: the part must be one of its variants and seeds, got ${asked.join(", ")}; ${near === undefined ? "" : `did you mean ${near}? `}there are ${parts.join(", ")}`,
    { ...part },
  );
}

/**
 * Computes a study's figures from the ratings that are there and writes them beside their folder; trains nothing. The raw
 * files' `blocks` follow where the study's measure is another than when they were rated.
 */
export function writeFigures(study: StudyConfig, truth: readonly TrueNetwork[]): StudySummary {
  for (const job of jobsOf(study)) if (job.study === study.name && existsSync(job.result)) followMeasure(job);
  const summary = figuresOf(study, truth);
  writeJson(figuresFile(study), storedSummary(summary));
  return summary;
}

function followMeasure({ result, measure }: StudyJob): void {
  const raw = readRawRatings(result);
  const blocks = blockScoresOf(raw, measure);
  if (fingerprint(blocks) !== fingerprint(raw.blocks)) writeJson(result, { ...raw, blocks });
}

/** A study's figures from the ratings that are there. @param draws Of the bootstrap. */
export function figuresOf(
  study: StudyConfig,
  truth: readonly TrueNetwork[],
  draws?: number,
  variant?: string,
): StudySummary {
  const results = study.seeds.map((seed) => sposResult(study, seed));
  const jobs = jobsOf(study).filter(({ name }) => variant === undefined || name === variant);
  return summariseStudy(study.name, jobs, truth, results, draws);
}

function sposResult({ results }: StudyConfig, seed: number): string {
  return join(results, `spos-seed${seed}.json`);
}
