import { dirname, isAbsolute, join } from "node:path";
import { z } from "zod";
import { ConfigError, readJson } from "../../core";
import { SCORES } from "../../rate";
import { NAS_BENCH_MACRO_CUTS } from "../../space";
import { type ExperimentConfig, parseExperiment } from "../dna/config";

type Score = (typeof SCORES)[number];

/**
 * A rating of blocks: one that was taken, or its logarithm, whose sum over the blocks is the logarithm of their product (the
 * released DNA script joins blocks by sum or by product).
 */
export type Measure = Score | `log ${Score}`;
export const MEASURES: readonly Measure[] = SCORES.flatMap((score): Measure[] => [score, `log ${score}`]);

const part = z.record(z.string(), z.unknown());
/** Layers of 1..8 that end a block but the last. */
const cuts = z.array(z.int().min(1).max(7));

const variant = z.strictObject({
  name: z.string().regex(/^[a-z0-9.-]+$/, "small letters, digits, dots and dashes"),
  /** What the variant is, in words, for tables. */
  title: z.string(),
  cuts: cuts.optional(),
  seeds: z.array(z.int().min(0)).min(1).optional(),
  /** The ratings are those of another study's variant, which has to be the same setting; they are done once. */
  sameAs: z.strictObject({ study: z.string(), variant: z.string() }).optional(),
  /** Rates the supernets of another variant of this study under other rating options, and distils nothing. */
  distilledBy: z.string().optional(),
  /** With `distilledBy`: rates whole networks, the supernets' candidates one behind the other; the ratings are of one block. */
  chains: z.boolean().optional(),
  /** With `distilledBy`: the supernets as they were after this epoch; the other variant has to `keepEpochs`. */
  epoch: z.int().min(1).optional(),
  /** Keeps the supernets of every epoch. */
  keepEpochs: z.boolean().optional(),
  /** Parts of an experiment that differ from the study's `experiment`. */
  teacher: part.optional(),
  data: part.optional(),
  distill: part.optional(),
  rate: part.optional(),
});

const study = z.strictObject({
  name: z.string().regex(/^[a-z0-9_-]+$/),
  title: z.string(),
  /** Folder of the raw ratings, `<variant>-seed<n>.json`; committed. */
  results: z.string(),
  seeds: z.array(z.int().min(0)).min(1),
  /** Of the data's division and the teacher, which all seeds share. */
  teacherSeed: z.int().min(0).default(1),
  cuts: cuts.default([...NAS_BENCH_MACRO_CUTS]),
  /** The rating that stands for DNA: `blocks` of the raw files, and what the variants are compared by. */
  measure: z.enum(MEASURES).default("relativeL1"),
  /** As in a file for `blockwise run`; data, teacher, distill and rate count. */
  experiment: part,
  variants: z.array(variant).min(1),
  /** Networks that are trained by the teacher's recipe and measured on the test images: keys, or `found`. */
  retrain: z.strictObject({ result: z.string(), networks: z.array(z.string()).min(1) }).optional(),
  /** The global weight-sharing supernet to compare with, for every seed. */
  spos: z
    .strictObject({
      epochs: z.int().min(1),
      batchSize: z.int().min(2),
      learningRate: z.number().gt(0),
      /** Networks that it rates, drawn by the seed, the tuning ones left out. */
      networks: z.int().min(2),
      ratingImages: z.int().min(2).default(512),
      calibrationImages: z.int().min(2).default(256),
    })
    .optional(),
});

/** A study of rankings on NAS-Bench-Macro: settings whose ratings are compared with the true accuracies. */
export type StudyConfig = z.output<typeof study> & {
  /** What its paths are relative to. */
  readonly root: string;
};

/** A variant by its study. */
export interface Setting {
  readonly study: string;
  readonly variant: string;
}

/** One setting under one seed: a teacher, distilled and rated. */
export interface StudyJob {
  /** The variant's name in this study. */
  readonly name: string;
  /** Study and variant that the ratings belong to: others where a variant is the same as one of another study. */
  readonly study: string;
  readonly variant: string;
  readonly title: string;
  readonly seed: number;
  readonly teacherSeed: number;
  /** What a teacher's name `found:<file>` is relative to. */
  readonly root: string;
  readonly cuts: readonly number[];
  readonly measure: Measure;
  readonly experiment: ExperimentConfig;
  /** Whose supernets are rated, after their epoch `epoch` or their last one. */
  readonly distilledBy?: Setting;
  /** The cuts are those of its supernets; whole networks are rated. */
  readonly chains?: boolean;
  readonly epoch?: number;
  readonly keepEpochs?: boolean;
  /** Where its raw ratings go. */
  readonly result: string;
}

/**
 * Reads a study's file.
 * @param root What the study's paths are relative to: the working folder when left out.
 * @throws ConfigError listing what is wrong, each with its place.
 */
export function readStudy(path: string, root = "."): StudyConfig {
  const result = study.safeParse(readJson(path, { what: "a study", byUser: true }));
  if (result.success) return rooted(result.data, root);
  throw new ConfigError(`${path}: must be a study, and is not:\n${z.prettifyError(result.error)}`, { path });
}

function rooted(config: z.output<typeof study>, root: string): StudyConfig {
  const { results, retrain } = config;
  return {
    ...config,
    root,
    results: inside(root, results),
    ...(retrain && { retrain: { ...retrain, result: inside(root, retrain.result) } }),
  };
}

/** A study's path: absolute ones stay. */
export function inside(root: string, path: string): string {
  return isAbsolute(path) ? path : join(root, path);
}

/**
 * All jobs of a study, seed by seed, so that a study cut short has whole seeds.
 * @throws ConfigError when a variant's experiment is malformed.
 */
export function jobsOf(config: StudyConfig): StudyJob[] {
  const { seeds, variants } = config;
  const all = [...new Set([...seeds, ...variants.flatMap((one) => one.seeds ?? [])])].sort((a, b) => a - b);
  return all.flatMap((seed) =>
    variants.filter((one) => (one.seeds ?? seeds).includes(seed)).map((one) => jobOf(config, one, seed)),
  );
}

function jobOf(config: StudyConfig, one: StudyConfig["variants"][number], seed: number): StudyJob {
  const { name, results, teacherSeed, measure, experiment } = config;
  const joined = (key: "data" | "teacher" | "distill" | "rate") => ({ ...(experiment[key] as object), ...one[key] });
  const merged = {
    ...experiment,
    seed,
    data: joined("data"),
    teacher: joined("teacher"),
    distill: joined("distill"),
    rate: joined("rate"),
  };
  const { study: owner, variant: owned } = ownerOf(config, one.name);
  if (one.chains && !one.distilledBy) {
    throw new ConfigError(
      `study ${name}: variant ${one.name} has chains, and needs "distilledBy": the variant whose supernets are chained`,
      { variant: one.name },
    );
  }
  return {
    name: one.name,
    study: owner,
    variant: owned,
    title: one.title,
    seed,
    teacherSeed,
    root: config.root,
    cuts: one.cuts ?? config.cuts,
    measure,
    experiment: parseExperiment(merged, `study ${name}, variant ${one.name}`),
    ...(one.distilledBy && { distilledBy: ownerOf(config, one.distilledBy) }),
    ...(one.chains && { chains: true }),
    ...(one.epoch && { epoch: one.epoch }),
    ...(one.keepEpochs && { keepEpochs: true }),
    result: join(one.sameAs ? join(dirname(results), owner) : results, `${owned}-seed${seed}.json`),
  };
}

/** Whom a variant's ratings belong to. @throws ConfigError when the study has no such variant. */
function ownerOf({ name, variants }: StudyConfig, variant: string): Setting {
  const found = variants.find((one) => one.name === variant);
  if (found) return found.sameAs ?? { study: name, variant };
  throw new ConfigError(
    `study ${name}: distilledBy must be one of ${variants.map((one) => one.name).join(", ")}, got ${variant}`,
    { variant },
  );
}
