import { isAbsolute, join } from "node:path";
import { z } from "zod";
import { ConfigError, MOST, readJson } from "../../core";
import { NAS_BENCH_MACRO_CUTS } from "../../space";
import { MEASURES } from "./measures";

const part = z.record(z.string(), z.unknown());
/** Layers of 1..8 that end a block but the last. */
const cuts = z.array(z.int().min(1).max(7));

/** A teacher that sees no labels; what is left out is `CONTRASTIVE_DEFAULTS`. */
const withoutLabels = z.strictObject({
  /** Of a contrastive loss; 0: the teacher stays untrained. */
  epochs: z.int().min(0).max(MOST.epochs),
  /** Training images that it learns from, drawn by the teacher's seed: all of them when left out. */
  images: z.int().min(2).max(MOST.images).optional(),
  /** Outputs of its last layer, which the loss compares. */
  features: z.int().min(2).max(MOST.channels).default(128),
  batchSize: z.int().min(2).max(MOST.batchSize).optional(),
  learningRate: z.number().gt(0).optional(),
  negatives: z.int().min(1).max(MOST.images).optional(),
});

/** How a teacher learns without labels. */
export type WithoutLabels = z.output<typeof withoutLabels>;

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
  /** The teacher learns from images alone, or nothing; of the experiment's `teacher` the architecture counts then. */
  withoutLabels: withoutLabels.optional(),
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
