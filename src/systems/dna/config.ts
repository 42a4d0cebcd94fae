import { z } from "zod";
import { ConfigError, isPercent, MOST, nearestName, parseCount, parseShare, SpaceError, shown } from "../../core";
import { MEMORY_RULE, MOST_MAGNITUDE } from "../../data";
import { DISTILL_DEFAULTS } from "../../distill";
import { RATE_DEFAULTS, SCORES } from "../../rate";
import {
  type Architecture,
  architecturePreset,
  type CandidateOp,
  completeOp,
  type GivenOp,
  parseArchitecture,
} from "../../space";
import { FEWEST } from "../../surrogate";
import { presetName } from "../../teacher";
import { TRAINING_DEFAULTS } from "../../train";
import { DNA_MINI } from "./defaults";

/** What a value of several forms must be; of names the nearest is proposed. */
const must = (expected: string, names: readonly string[] = []) => ({
  error({ input }: { readonly input?: unknown }) {
    const near = typeof input === "string" ? nearestName(input, names) : undefined;
    return `must be ${expected}, got ${shown(input)}${near ? `; perhaps "${near}" is meant` : ""}`;
  },
});

const upTo = (most: number) => z.int().min(1).max(most);
const images = upTo(MOST.images);
const epochs = upTo(MOST.epochs);
const batchSize = upTo(MOST.batchSize);
const networks = upTo(MOST.networks);
const kernel = upTo(MOST.kernelSize).refine((size) => size % 2 === 1, "must be odd");
/** A share, or text such as "27%". */
const asShare = (least: z.ZodNumber) => z.preprocess((value) => (isPercent(value) ? parseShare(value) : value), least);
const share = asShare(z.number().gt(0).max(1));
/** A number, text such as "4M" or "300k", or a share of what the teacher has, such as "45%". */
const amount = z.union([z.number(), z.string()], must('a number, or text such as "4M" or "45%"'));
/** An upper limit, or an interval `[low, high]`; shares of the teacher stay text, for the teacher is not known here. */
const limit = z
  .union([amount, z.tuple([amount, amount])], must('a number, text such as "4M" or "45%", or an interval of two'))
  .transform((value, context): Amount | [low: Amount, high: Amount] => {
    const read = (one: number | string): Amount => (isPercent(one) ? one : parseCount(one));
    try {
      return Array.isArray(value) ? [read(value[0]), read(value[1])] : read(value);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
      return z.NEVER;
    }
  });

const ofLatency = must('milliseconds above 0, text such as "45%" of what the teacher takes, or an interval of two');
const percentage = z.string().refine(isPercent, ofLatency);
const milliseconds = z.union([z.number().min(0), percentage]);
/** Milliseconds, or text such as "45%"; or an interval of two. */
const latencyLimit = z.union([z.number().gt(0), percentage, z.tuple([milliseconds, milliseconds])], ofLatency);

/** A count, or text such as "45%": of what the teacher has. */
export type Amount = number | string;

/** `[low, high]` of positive numbers. */
const interval = (most: number) => {
  const end = z.number().gt(0).max(most);
  return z.tuple([end, end]).refine(([low, high]) => low <= high, "must be [low, high], the lower first");
};
/** Random changes of training images, each explained in `Augmentation`. */
const augmentation = z.strictObject({
  flip: z.boolean().optional(),
  shift: z.int().min(0).max(MOST.side).optional(),
  crop: z.strictObject({ scale: interval(1).optional(), ratio: interval(100).optional() }).optional(),
  jitter: z
    .strictObject({
      brightness: z.number().min(0).optional(),
      contrast: z.number().min(0).optional(),
      saturation: z.number().min(0).optional(),
      hue: z.number().min(0).max(0.5).optional(),
    })
    .optional(),
  randAugment: z
    .strictObject({ ops: z.int().min(1).optional(), magnitude: z.int().min(0).max(MOST_MAGNITUDE).optional() })
    .optional(),
  erase: z
    .strictObject({
      share: z.number().min(0).max(1).optional(),
      scale: interval(1).optional(),
      ratio: interval(100).optional(),
    })
    .optional(),
  mixup: z.number().gt(0).optional(),
});

/** How a network is trained on labels. */
const trainingForm = {
  batchSize,
  optimizer: z.enum(["sgd", "adam"]),
  learningRate: z.number().gt(0),
  warmupEpochs: z.number().min(0),
  weightDecay: z.number().min(0),
  momentum: z.number().min(0).lt(1),
  labelSmoothing: z.number().min(0).lt(1),
  augment: augmentation,
  /** Each explained in `TrainingOptions`. */
  classWeights: z.union(
    [z.literal("balanced"), z.array(z.number().min(0))],
    must('"balanced", or a list of numbers, one a class'),
  ),
  ema: z.number().min(0).lt(1),
};

/** The same; what is left out is as everywhere in Blockwise. */
const training = {
  batchSize: batchSize.default(TRAINING_DEFAULTS.batchSize),
  optimizer: trainingForm.optimizer.default(TRAINING_DEFAULTS.optimizer),
  learningRate: trainingForm.learningRate.default(TRAINING_DEFAULTS.learningRate),
  warmupEpochs: trainingForm.warmupEpochs.default(TRAINING_DEFAULTS.warmupEpochs),
  weightDecay: trainingForm.weightDecay.default(TRAINING_DEFAULTS.weightDecay),
  momentum: trainingForm.momentum.default(TRAINING_DEFAULTS.momentum),
  labelSmoothing: trainingForm.labelSmoothing.default(TRAINING_DEFAULTS.labelSmoothing),
  augment: augmentation.default({}),
  classWeights: trainingForm.classWeights.optional(),
  ema: trainingForm.ema.optional(),
};

/** Pixels. */
const side = z.int().min(1).max(4096);
const channels = z.union([z.literal(1), z.literal(3)]);

const data = z.strictObject({
  /** A data set's name; or pictures of one's own: a folder, a zip file, or any name when `root` says where they are. */
  name: z.string().min(1).default(DNA_MINI.dataset),
  /** Folder or zip file with the files; without it the usual places are searched. */
  root: z.string().optional(),
  /** What pictures of one's own are scaled to, see `PictureShape`; their common size when left out. */
  shape: z
    .union(
      [
        side,
        z.tuple([side, side]),
        z.tuple([side, side, channels]),
        z.strictObject({ height: side, width: side, channels: channels.optional() }),
      ],
      must('a side, [height, width], [height, width, channels] or { "height", "width", "channels" }, channels 1 or 3'),
    )
    .optional(),
  /** A picture that cannot be read ends the run; otherwise it is left out, with a warning. */
  strict: z.boolean().optional(),
  /** Most bytes of decoded pictures in memory, see `PictureOptions`; what is more is read batch by batch. */
  memory: z
    .union([z.number(), z.string()], must(MEMORY_RULE.must))
    .refine((value) => MEMORY_RULE.holds(value), { error: `must be ${MEMORY_RULE.must}` })
    .optional(),
  trainCount: images.optional(),
  /** When left out: 5,000 of the data sets known by name, of others see `DivisionOptions`. */
  validationCount: images.optional(),
  testCount: images.optional(),
});

/** The architecture of a teacher that is to be trained. @throws SpaceError for a preset that is not known, or a malformed one. */
export function teacherArchitecture(given: string | Readonly<Record<string, unknown>>): Architecture {
  return typeof given === "string" ? architecturePreset(given) : parseArchitecture(given, "teacher.architecture");
}

/** That a network can be made of a value; a name that is not known is told with all other mistakes, before anything is looked for. */
function known<Given>(make: (given: Given) => Architecture) {
  return (given: Given, context: z.RefinementCtx<Given>): void => {
    try {
      make(given);
    } catch (error) {
      if (!(error instanceof SpaceError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
  };
}

/** How a teacher that is there is taught the data's classes; explained in `FineTuneOptions`. */
const fineTune = z
  .strictObject({
    ...trainingForm,
    epochs,
    headEpochs: z.int().min(0).max(MOST.epochs),
    headLearningRate: z.number().gt(0),
    patience: upTo(MOST.epochs),
  })
  .partial();

/** Keys that say something of a teacher's file. */
const OF_FILE = ["arch", "preprocessing", "classes", "cuts", "fineTune", "featuresOnly"] as const;

const teacher = z
  .strictObject({
    /** A preset's name, a preset with other input or classes (`{ "preset": "resnet18", "classes": 5 }`), or an architecture. */
    architecture: z
      .union([z.string(), z.record(z.string(), z.unknown())], must("a preset's name or an architecture"))
      .superRefine(known(teacherArchitecture))
      .default(DNA_MINI.teacher),
    /**
     * A teacher that is there, which is not trained: a teacher's file `.safetensors`, or a found network's `.json` as the next
     * round's teacher (DNA+). Its architecture and training are what they were.
     */
    file: z.string().optional(),
    /** Of weights of torchvision or timm: the network, where their tensors do not say it, e.g. "tf_efficientnet_b0". */
    arch: z
      .string()
      .superRefine(known((name) => architecturePreset(presetName(name))))
      .optional(),
    /** Of such weights, or a model of TensorFlow.js: how it sees images, one number a channel on the scale 0..1. */
    preprocessing: z
      .strictObject({ mean: z.array(z.number()).min(1), std: z.array(z.number().gt(0)).min(1) })
      .optional(),
    /** Of these: the classes in the order of its answers, where they are those of the data. */
    classes: z.array(z.string()).min(1).max(MOST.classes).optional(),
    /** Of a model of TensorFlow.js: the layers that end its blocks. */
    cuts: z.array(z.string()).min(1).max(MOST.blocks).optional(),
    /**
     * The teacher of the file may have other classes or be of another data set: its feature maps alone are imitated, it is neither
     * measured nor asked for answers.
     */
    featuresOnly: z.boolean().optional(),
    /** The teacher of the file is taught this data, with a new classifier where its classes are others; `{}` as usual. */
    fineTune: fineTune.optional(),
    epochs: epochs.default(DNA_MINI.teacherEpochs),
    ...training,
  })
  .superRefine((given, context) => {
    if (given.featuresOnly && given.fineTune) {
      context.addIssue({
        code: "custom",
        path: ["featuresOnly"],
        message: "is for a teacher whose answers mean something else, and fineTune teaches it the data: leave one out",
      });
    }
    if (given.file !== undefined) return;
    for (const key of OF_FILE.filter((each) => given[each] !== undefined)) {
      context.addIssue({
        code: "custom",
        path: [key],
        message: 'is of a teacher that is there: give "file", too, or leave it out',
      });
    }
  });

/** A candidate operation by its values, as in TypeScript: what is usual may be left out. */
const op = z.unknown().transform((value, context): CandidateOp => {
  try {
    return completeOp(value, "op");
  } catch (error) {
    if (!(error instanceof SpaceError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

/** One list of ops, or one a block. Which is meant the first entry says, so that a mistake is named at its place. */
const opLists = z
  .custom<readonly GivenOp[] | readonly (readonly GivenOp[])[]>(Array.isArray, "must be a list")
  .transform((value, context) => {
    const list = z.array(op).min(1).max(MOST.choices);
    const result = (Array.isArray(value[0]) ? z.array(list).min(1).max(MOST.blocks) : list).safeParse(value);
    if (result.success) return result.data;
    for (const { path, message } of result.error.issues) context.addIssue({ code: "custom", path, message });
    return z.NEVER;
  });

const space = z
  .strictObject({
    /** MBConv layers of these, where any of them is given; the others are then those of DNA. */
    kernels: z.array(kernel).min(1).max(MOST.choices).optional(),
    expansions: z.array(upTo(MOST.expansion)).min(1).max(MOST.choices).optional(),
    seRatio: z.number().min(0).max(1).optional(),
    /**
     * Operations of every layer, or a list of them for each block: `[[{ "kind": "conv", "kernelSize": 3 }], [...]]`; in place
     * of kernels, expansions and seRatio.
     */
    ops: opLists.optional(),
    /** `[block][cell]`; without it cells follow from the teacher's shapes. */
    cells: z
      .array(
        z
          .array(z.strictObject({ depth: upTo(MOST.depth), width: upTo(MOST.channels) }))
          .min(1)
          .max(MOST.choices),
      )
      .max(MOST.blocks)
      .optional(),
    /** At most so many cells a block: 1 is the paper's single cell. */
    cellsPerBlock: upTo(MOST.choices).optional(),
    /** Whether cells of other widths than the teacher's are rated in their own, behind a 1x1 convolution of the supernet. */
    adapter: z.boolean().default(true),
  })
  .superRefine(({ ops, kernels, expansions, seRatio }, context) => {
    if (ops && [kernels, expansions, seRatio].some((given) => given !== undefined)) {
      context.addIssue({
        code: "custom",
        path: ["ops"],
        message: "stand in place of kernels, expansions and seRatio: leave those out",
      });
    }
  });

const distill = z.strictObject({
  images: images.default(DNA_MINI.distillImages),
  /** For every block, or one number a block; so is the learning rate. */
  epochs: z
    .union([epochs, z.array(epochs).min(1).max(MOST.blocks)], must("a whole number from 1, or one a block"))
    .default(DISTILL_DEFAULTS.epochs as number),
  batchSize: batchSize.min(2).default(DISTILL_DEFAULTS.batchSize),
  sampler: z.enum(["uniform", "fair", "balanced"]).default(DISTILL_DEFAULTS.sampler),
  learningRate: z
    .union(
      [z.number().gt(0), z.array(z.number().gt(0)).min(1).max(MOST.blocks)],
      must("a number above 0, or one a block"),
    )
    .default(DISTILL_DEFAULTS.learningRate as number),
  schedule: z.enum(["exponential", "cosine"]).default(DISTILL_DEFAULTS.schedule),
  decay: z.number().gt(0).max(1).default(DISTILL_DEFAULTS.decay),
  weightDecay: z.number().min(0).default(DISTILL_DEFAULTS.weightDecay),
  /** The paper's ablations; each is explained in `DistillOptions`. */
  guideInput: z.enum(["teacher", "student"]).default(DISTILL_DEFAULTS.guideInput),
  labelLoss: z.number().min(0).max(1).default(DISTILL_DEFAULTS.labelLoss),
  optimizerScope: z.enum(["path", "block"]).default(DISTILL_DEFAULTS.optimizerScope),
  initialWeights: z.enum(["fan-out", "fan-in"]).default(DISTILL_DEFAULTS.initialWeights),
  targetScale: z.enum(["none", "channel"]).default(DISTILL_DEFAULTS.targetScale),
});

const rate = z
  .strictObject({
    images: images.default(DNA_MINI.ratingImages),
    calibrationImages: images.min(2).default(RATE_DEFAULTS.calibrationImages),
    batchSize: batchSize.min(2).default(RATE_DEFAULTS.batchSize),
    /** Explained in `RateOptions`. */
    score: z.enum(SCORES).default(RATE_DEFAULTS.score),
    recalibrate: z.boolean().default(RATE_DEFAULTS.recalibrate),
    readout: z.enum(["none", "linear"]).default(RATE_DEFAULTS.readout),
  })
  .refine(({ readout, recalibrate }) => readout === "none" || recalibrate, {
    path: ["readout"],
    message: 'is fitted on the calibration images, which "recalibrate": false leaves out: leave that at true',
  });

/** Brief trainings that make the ratings true before the search; named as in `ratings.improve`. */
const improve = z.strictObject({
  /** Networks to train in all, in so many rounds, each of which proposes by what those before said. */
  networks: z.int().min(FEWEST).max(MOST.networks).default(DNA_MINI.evidence.networks),
  rounds: upTo(MOST.rounds).default(DNA_MINI.evidence.rounds),
  epochs: epochs.default(DNA_MINI.evidence.epochs),
  /** Training images of these trainings, drawn by the seed; all when left out. */
  images: images.optional(),
  /** No round begins after so many minutes of a sitting. */
  minutes: z.number().gt(0).optional(),
  /** Whether the ratings are read; without, what the trainings say alone: the control. */
  ratings: z.boolean().default(true),
  ...training,
});

/** Limits of one budget, as in `search`. */
const budget = z
  .strictObject({
    macs: limit.optional(),
    params: limit.optional(),
    activationBytes: limit.optional(),
    latencyMs: latencyLimit.optional(),
  })
  .refine(
    (limits) => Object.values(limits).some((one) => one !== undefined),
    'must limit something, e.g. { "macs": "20%" }',
  );

const search = z.strictObject({
  /**
   * Limits of the found network, each an upper one or an interval `["3M", "4M"]`, as counts or as shares of what the teacher
   * has, "45%"; MACs are limited by `macsOfTeacher` where `macs` is left out.
   */
  macs: limit.optional(),
  params: limit.optional(),
  /** Bytes of all activations for one image, float32. */
  activationBytes: limit.optional(),
  macsOfTeacher: share.default(DNA_MINI.macsOfTeacher),
  /**
   * Measured milliseconds that the found network may take, or a share of the teacher's by the same table, "45%";
   * `latencyTable` is the file of `blockwise latency --out`, a CSV, or the name of a table in `latency/`, "chromium-wasm".
   */
  latencyMs: latencyLimit.optional(),
  /**
   * Further budgets: the best network of each is retrained, too, and compared with random networks and shrunk teachers of its
   * own cost.
   */
  also: z.array(budget).min(1).max(MOST.choices).optional(),
  latencyTable: z.string().optional(),
  /**
   * The paper's lambda, one a block; a network's rating is the weighted sum of its blocks'. All 1 when left out; a block of
   * weight 0 does not count.
   */
  weights: z
    .array(z.number().min(0))
    .max(MOST.blocks)
    .refine((weights) => weights.some((weight) => weight > 0), "must have one weight above 0")
    .optional(),
  /** "product": a network's rating is the product of its blocks', explained in `productTable`. */
  join: z.enum(["sum", "product"]).default("sum"),
  /**
   * With it, not networks along the front are retrained but the best ones that differ from each other in this share of
   * their blocks (0..1, at least one block): as many as `retrain.alongFront`.
   */
  difference: z.number().min(0).max(1).optional(),
});

const retrain = z.strictObject({
  epochs: epochs.default(DNA_MINI.retrainEpochs),
  ...training,
  /** Start from what the supernets learnt, where it fits, instead of from drawn weights; random networks likewise. */
  warmStart: z.boolean().default(false),
  distillation: z.strictObject({ weight: z.number().min(0).max(1), temperature: z.number().gt(0) }).optional(),
  alongFront: networks.default(DNA_MINI.alongFront),
  /** Random networks of about the MACs of the best one of each budget, within the tolerance, to compare it with. */
  random: z.int().min(0).max(MOST.networks).default(DNA_MINI.random),
  tolerance: asShare(z.number().gt(0).lt(1)).default(DNA_MINI.tolerance),
  /** The teacher shrunk to the MACs of the best network of each budget, in these ways, to compare it with. */
  shrunk: z
    .array(z.enum(["width", "compound"]))
    .max(2)
    .refine((ways) => new Set(ways).size === ways.length, "must name each way once")
    .optional(),
  /** Trainings of each network, each from another seed: accuracies are then means with standard errors over them. */
  trainings: upTo(MOST.networks).optional(),
});

/** The form of an experiment. */
export const experimentSchema = z
  .strictObject({
    /** Names the run directory; the file's name when left out. */
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, dashes and underscores")
      .optional(),
    /** Decides everything that is drawn, in every step. */
    seed: z.int().default(1),
    /** Threads of the engine; results are the same bytes for the same number. The physical cores when left out. */
    threads: upTo(MOST.threads).optional(),
    data: data.prefault({}),
    teacher: teacher.prefault({}),
    /** Number of blocks, "stages", or the last layer of every block but the final one, by index or by name. */
    split: z
      .union(
        [
          upTo(MOST.blocks),
          z.literal("stages"),
          z.array(z.int().min(0)).max(MOST.blocks),
          z.strictObject({ after: z.array(z.union([z.int().min(0), z.string()])) }),
        ],
        must(
          'a number of blocks, "stages", the indices of the last layers, e.g. [3, 7], or { "after": [...] } with indices or names such as "block1.2"',
          ["stages"],
        ),
      )
      .default(DNA_MINI.split),
    space: space.prefault({}),
    distill: distill.prefault({}),
    rate: rate.prefault({}),
    /** Without it the ratings are searched as they are. */
    improve: improve.optional(),
    search: search.prefault({}),
    retrain: retrain.prefault({}),
  })
  .superRefine(({ teacher: { featuresOnly }, retrain: { distillation } }, context) => {
    if (!featuresOnly || distillation === undefined) return;
    context.addIssue({
      code: "custom",
      path: ["retrain", "distillation"],
      message:
        "learns from the teacher's answers, of which teacher.featuresOnly says that they mean something else: leave one out",
    });
  });

/** An experiment with all defaults filled in. */
export type ExperimentConfig = z.output<typeof experimentSchema>;

/** An experiment as a user writes it. */
export type ExperimentInput = z.input<typeof experimentSchema>;

/**
 * Checks an experiment and fills the defaults in; keys that are not known are refused.
 * @throws ConfigError listing everything that is wrong, each with its place.
 */
export function parseExperiment(value: unknown, where = "experiment"): ExperimentConfig {
  const result = experimentSchema.safeParse(value);
  if (result.success) return withUsualValidation(result.data);
  const { issues } = result.error;
  const near = issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? meant(issue.path, issue.keys) : []));
  throw new ConfigError(
    `${where}: must be an experiment, and is not:\n${[z.prettifyError(result.error), ...near].join("\n")}`,
    { where, issues: issues.map(({ path, message }) => ({ place: path.join("."), message })) },
  );
}

/** Proposals for misspelt keys of the object at a place. */
function meant(path: readonly PropertyKey[], keys: readonly string[]): string[] {
  let at: z.ZodType | undefined = experimentSchema;
  for (const key of path) at = at && inner(at, key);
  const known = at ? Object.keys(shapeOf(at)) : [];
  return keys.flatMap((key) => {
    const near = nearestName(key, known);
    return near ? [`"${key}": perhaps "${near}" is meant`] : [];
  });
}

function inner(schema: z.ZodType, key: PropertyKey): z.ZodType | undefined {
  return shapeOf(schema)[String(key)];
}

/** Keys of an object's schema, under what fills its defaults in. */
function shapeOf(schema: z.ZodType): Readonly<Record<string, z.ZodType>> {
  if (schema instanceof z.ZodObject) return schema.shape as Record<string, z.ZodType>;
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType ? shapeOf(innerType) : {};
}

/** The count is written out where it does not depend on the images, as it was in runs made before it could be left out. */
function withUsualValidation(config: ExperimentConfig): ExperimentConfig {
  const { data } = config;
  if (data.validationCount !== undefined || !["fashion-mnist", "cifar-10"].includes(data.name)) return config;
  return { ...config, data: { ...data, validationCount: DNA_MINI.validationCount } };
}
