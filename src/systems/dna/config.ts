import { z } from "zod";
import { ConfigError, parseCount } from "../../core";
import { DISTILL_DEFAULTS } from "../../distill";
import { RATE_DEFAULTS, SCORES } from "../../rate";
import { TRAINING_DEFAULTS } from "../../teacher";
import { DNA_MINI } from "./defaults";

const count = z.int().min(1);
const share = z.number().gt(0).max(1);
/** A number, or text such as "4M" or "300k". */
const amount = z.union([z.number(), z.string()]);
/** An upper limit, or an interval `[low, high]`. */
const limit = z.union([amount, z.tuple([amount, amount])]).transform((value, context): number | [number, number] => {
  try {
    return Array.isArray(value) ? [parseCount(value[0]), parseCount(value[1])] : parseCount(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});

/** How a network is trained on labels; what is left out is as everywhere in Blockwise. */
const training = {
  batchSize: count.default(TRAINING_DEFAULTS.batchSize),
  optimizer: z.enum(["sgd", "adam"]).default(TRAINING_DEFAULTS.optimizer),
  learningRate: z.number().gt(0).default(TRAINING_DEFAULTS.learningRate),
  warmupEpochs: z.number().min(0).default(TRAINING_DEFAULTS.warmupEpochs),
  weightDecay: z.number().min(0).default(TRAINING_DEFAULTS.weightDecay),
  momentum: z.number().min(0).lt(1).default(TRAINING_DEFAULTS.momentum),
  labelSmoothing: z.number().min(0).lt(1).default(TRAINING_DEFAULTS.labelSmoothing),
  augment: z
    .strictObject({ flip: z.boolean().optional(), shift: z.int().min(0).optional() })
    .default({ ...TRAINING_DEFAULTS.augment }),
};

const data = z.strictObject({
  name: z.string().default(DNA_MINI.dataset),
  /** Folder with the files; without it the usual places are searched. */
  root: z.string().optional(),
  trainCount: count.optional(),
  validationCount: count.default(DNA_MINI.validationCount),
  testCount: count.optional(),
});

const teacher = z.strictObject({
  /** A preset's name, or an architecture as an object. */
  architecture: z.union([z.string(), z.record(z.string(), z.unknown())]).default(DNA_MINI.teacher),
  /**
   * A teacher that is there, which is not trained: a teacher's file `.safetensors`, or a found network's `.json` as the next
   * round's teacher (DNA+). Its architecture and training are what they were.
   */
  file: z.string().optional(),
  epochs: count.default(DNA_MINI.teacherEpochs),
  ...training,
});

const activation = z.enum(["none", "silu", "relu", "relu6"]).default("silu");
/** A candidate operation, as the ops that `mbconv`, `conv` and `residual` make. */
const op = z.discriminatedUnion("kind", [
  z.strictObject({
    // Ops without a kind are MBConvs, in JSON as in TypeScript.
    kind: z.literal("mbconv").optional(),
    kernelSize: count,
    expansion: count,
    seRatio: z.number().min(0).max(1).default(DNA_MINI.seRatio),
    activation,
  }),
  z.strictObject({ kind: z.literal("conv"), kernelSize: count, activation }),
  z.strictObject({
    kind: z.literal("residual"),
    kernelSize: count,
    design: z.enum(["basic", "bottleneck"]).default("basic"),
    activation,
  }),
  z.strictObject({ kind: z.literal("identity") }),
]);

type OpInput = z.input<typeof op>;

/** One list of ops, or one a block. Which is meant the first entry says, so that a mistake is named at its place. */
const opLists = z
  .custom<readonly OpInput[] | readonly (readonly OpInput[])[]>(Array.isArray, "must be a list")
  .transform((value, context) => {
    const list = z.array(op).min(1);
    const result = (Array.isArray(value[0]) ? z.array(list).min(1) : list).safeParse(value);
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) context.addIssue({ code: "custom", path, message });
    return z.NEVER;
  });

const space = z
  .strictObject({
    kernels: z
      .array(count)
      .min(1)
      .default([...DNA_MINI.kernels]),
    expansions: z
      .array(count)
      .min(1)
      .default([...DNA_MINI.expansions]),
    seRatio: z.number().min(0).max(1).default(DNA_MINI.seRatio),
    /**
     * Operations of every layer, or a list of them for each block: `[[{ "kind": "conv", "kernelSize": 3 }], [...]]`; in place
     * of kernels, expansions and seRatio.
     */
    ops: opLists.optional(),
    /** `[block][cell]`; without it cells follow from the teacher's shapes. */
    cells: z.array(z.array(z.strictObject({ depth: count, width: count })).min(1)).optional(),
    /** At most so many cells a block: 1 is the paper's single cell. */
    cellsPerBlock: count.optional(),
  })
  .superRefine(({ ops, kernels, expansions, seRatio }, context) => {
    const others =
      [kernels, expansions, seRatio].join() !== [DNA_MINI.kernels, DNA_MINI.expansions, DNA_MINI.seRatio].join();
    if (ops && others) {
      context.addIssue({
        code: "custom",
        path: ["ops"],
        message: "stand in place of kernels, expansions and seRatio: leave those out",
      });
    }
  });

const distill = z.strictObject({
  images: count.default(DNA_MINI.distillImages),
  /** For every block, or one number a block; so is the learning rate. */
  epochs: z.union([count, z.array(count).min(1)]).default(DISTILL_DEFAULTS.epochs as number),
  batchSize: count.default(DISTILL_DEFAULTS.batchSize),
  sampler: z.enum(["uniform", "fair"]).default(DISTILL_DEFAULTS.sampler),
  learningRate: z
    .union([z.number().gt(0), z.array(z.number().gt(0)).min(1)])
    .default(DISTILL_DEFAULTS.learningRate as number),
  schedule: z.enum(["exponential", "cosine"]).default(DISTILL_DEFAULTS.schedule),
  decay: z.number().gt(0).max(1).default(DISTILL_DEFAULTS.decay),
  weightDecay: z.number().min(0).default(DISTILL_DEFAULTS.weightDecay),
  /** The paper's ablations; each is explained in `DistillOptions`. */
  guideInput: z.enum(["teacher", "student"]).default(DISTILL_DEFAULTS.guideInput),
  labelLoss: z.number().min(0).max(1).default(DISTILL_DEFAULTS.labelLoss),
  optimizerScope: z.enum(["path", "block"]).default(DISTILL_DEFAULTS.optimizerScope),
});

const rate = z.strictObject({
  images: count.default(DNA_MINI.ratingImages),
  calibrationImages: count.default(RATE_DEFAULTS.calibrationImages),
  batchSize: count.default(RATE_DEFAULTS.batchSize),
  /** Explained in `RateOptions`. */
  score: z.enum(SCORES).default(RATE_DEFAULTS.score),
  recalibrate: z.boolean().default(RATE_DEFAULTS.recalibrate),
});

const search = z.strictObject({
  /**
   * Limits of the found network, each an upper one or an interval `["3M", "4M"]`; MACs are limited by `macsOfTeacher` where
   * `macs` is left out.
   */
  macs: limit.optional(),
  params: limit.optional(),
  /** Bytes of all activations for one image, float32. */
  activationBytes: limit.optional(),
  macsOfTeacher: share.default(DNA_MINI.macsOfTeacher),
  /** Measured milliseconds that the found network may take; `latencyTable` is the file of `blockwise latency --out`. */
  latencyMs: z.union([z.number().gt(0), z.tuple([z.number().min(0), z.number().gt(0)])]).optional(),
  latencyTable: z.string().optional(),
  /** The paper's lambda, one a block; a network's rating is the weighted sum of its blocks'. All 1 when left out. */
  weights: z.array(z.number().gt(0)).optional(),
  /** "product": a network's rating is the product of its blocks', explained in `productTable`. */
  join: z.enum(["sum", "product"]).default("sum"),
  /**
   * With it, not networks along the front are retrained but the best ones that differ from each other in this share of
   * their blocks (0..1, at least one block): as many as `retrain.alongFront`.
   */
  difference: z.number().min(0).max(1).optional(),
});

const retrain = z.strictObject({
  epochs: count.default(DNA_MINI.retrainEpochs),
  ...training,
  /** Start from what the supernets learnt, where it fits, instead of from drawn weights; random networks likewise. */
  warmStart: z.boolean().default(false),
  distillation: z.strictObject({ weight: z.number().min(0).max(1), temperature: z.number().gt(0) }).optional(),
  alongFront: count.default(DNA_MINI.alongFront),
  random: z.int().min(0).default(DNA_MINI.random),
  tolerance: z.number().gt(0).lt(1).default(DNA_MINI.tolerance),
});

const experiment = z.strictObject({
  /** Names the run directory; the file's name when left out. */
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, dashes and underscores")
    .optional(),
  /** Decides everything that is drawn, in every step. */
  seed: z.int().default(1),
  /** Threads of the engine; results are the same bytes for the same number. The physical cores when left out. */
  threads: count.optional(),
  data: data.prefault({}),
  teacher: teacher.prefault({}),
  /** Number of blocks, "stages", or the last layer of every block but the final one, by index or by name. */
  split: z
    .union([
      count,
      z.literal("stages"),
      z.array(z.int().min(0)),
      z.strictObject({ after: z.array(z.union([z.int().min(0), z.string()])) }),
    ])
    .default(DNA_MINI.blocks),
  space: space.prefault({}),
  distill: distill.prefault({}),
  rate: rate.prefault({}),
  search: search.prefault({}),
  retrain: retrain.prefault({}),
});

/** An experiment with all defaults filled in. */
export type ExperimentConfig = z.output<typeof experiment>;

/** An experiment as a user writes it. */
export type ExperimentInput = z.input<typeof experiment>;

/**
 * Checks an experiment and fills the defaults in; keys that are not known are refused.
 * @throws ConfigError listing everything that is wrong, each with its place.
 */
export function parseExperiment(value: unknown, where = "experiment"): ExperimentConfig {
  const result = experiment.safeParse(value);
  if (result.success) return result.data;
  throw new ConfigError(`${where}: must be an experiment, and is not:\n${z.prettifyError(result.error)}`, {
    where,
    issues: result.error.issues.map(({ path, message }) => ({ place: path.join("."), message })),
  });
}
