import { z } from "zod";
import { MOST } from "../../core";
import { COUNTS, upTo } from "../../core/config-schema";
import { parseConfig } from "../../core/parse-config";
import { dataSchema } from "../../data";
import { namedBudget, stagesOf } from "../../evaluate";
import { TRIAL_DEFAULTS, TRIAL_SPACES, TRIAL_SYSTEMS, type TrialSystem } from "./trial-defaults";

const positive = z.number().gt(0);
const share = z.number().min(0).max(1);
const epochs = COUNTS.epochs;

/** How architectures are proposed: the options of the searcher of that name; what is left out is its own default. */
const searcherSchema = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("random") }),
  z.strictObject({
    kind: z.literal("tpe"),
    initial: COUNTS.networks.optional(),
    candidates: COUNTS.networks.optional(),
    good: z.number().gt(0).max(1).optional(),
  }),
  z.strictObject({
    kind: z.literal("evolution"),
    population: COUNTS.networks.optional(),
    sample: COUNTS.networks.optional(),
  }),
  /** Validation accuracy or loss against multiply-adds. */
  z.strictObject({
    kind: z.literal("nsga2"),
    population: COUNTS.networks.optional(),
    mutation: share.optional(),
  }),
  /** By stages of the evaluator's proxy. */
  z.strictObject({
    kind: z.literal("staged-evolution"),
    stages: z.int().min(1).max(10).default(3),
    cycles: COUNTS.networks,
    initial: COUNTS.networks.optional(),
    promoted: z.array(COUNTS.networks).optional(),
    parents: z.array(z.int().min(0)).optional(),
    age: COUNTS.networks.optional(),
    finalists: COUNTS.networks.optional(),
  }),
]);

/** How good an architecture is. */
const evaluatorSchema = z.discriminatedUnion("kind", [
  /** By the contrastive loss after brief training, without a label. */
  z.strictObject({
    kind: z.literal("label-free"),
    epochs,
    features: z.int().min(1).max(4096),
    batchSize: COUNTS.batchSize.optional(),
    learningRate: positive.optional(),
    momentum: z.number().min(0).lt(1).optional(),
    temperature: positive.optional(),
    form: z.enum(["infonce", "pirl"]).optional(),
    negatives: COUNTS.images.optional(),
    freshNegatives: z.boolean().optional(),
  }),
  /** By the validation accuracy after training, in full or by a proxy such as "c2r2s0e6". */
  z.strictObject({
    kind: z.literal("trained-accuracy"),
    epochs,
    proxy: z.string().optional(),
    batchSize: COUNTS.batchSize.optional(),
    optimizer: z.enum(["sgd", "adam"]).optional(),
    learningRate: positive.optional(),
    warmupEpochs: z.int().min(0).optional(),
    momentum: z.number().min(0).lt(1).optional(),
    weightDecay: z.number().min(0).optional(),
    labelSmoothing: z.number().min(0).lt(1).optional(),
  }),
]);

const trialSchema = z
  .strictObject({
    /** Whose recipe it is: what is left out is as there. */
    system: z.enum(TRIAL_SYSTEMS),
    /** Names the run directory; the file's name when left out. */
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "must be letters, digits, dots, dashes and underscores")
      .optional(),
    /** Decides everything that is drawn. */
    seed: z.int().default(1),
    /** Threads of the engine; results are the same bytes for the same number. The physical cores when left out. */
    threads: upTo(MOST.threads).optional(),
    data: dataSchema({ name: "fashion-mnist" }).prefault({}),
    space: z.enum(TRIAL_SPACES),
    searcher: searcherSchema,
    evaluator: evaluatorSchema,
    /** Networks in all. */
    evaluations: COUNTS.networks,
  })
  .superRefine(({ searcher, evaluator }, context) => {
    const refuse = (path: string[], message: string) => context.addIssue({ code: "custom", path, message });
    const proxy = evaluator.kind === "trained-accuracy" ? evaluator.proxy : undefined;
    if (searcher.kind === "staged-evolution" && proxy === undefined) {
      return refuse(
        ["evaluator"],
        'must be "trained-accuracy" with a proxy, of which staged evolution makes its stages',
      );
    }
    if (proxy === undefined) return;
    try {
      const budget = namedBudget(proxy);
      if (searcher.kind === "staged-evolution") stagesOf(budget, searcher.stages);
    } catch (error) {
      refuse(["evaluator", "proxy"], (error as Error).message);
    }
  });

/** A search trial by trial with all defaults filled in. */
export type TrialConfig = z.output<typeof trialSchema>;

/** Whether an experiment is of a system that searches trial by trial. */
export function isTrialSystem(system: unknown): system is TrialSystem {
  return TRIAL_SYSTEMS.includes(system as TrialSystem);
}

/**
 * Checks an experiment that searches trial by trial, and fills in what its system's recipe has.
 * @throws ConfigError listing everything that is wrong, each with its place.
 */
export function parseTrialConfig(value: Readonly<Record<string, unknown>>, where = "experiment"): TrialConfig {
  const defaults = isTrialSystem(value.system) ? TRIAL_DEFAULTS[value.system] : {};
  return parseConfig(trialSchema, { ...defaults, ...value }, { where, what: "an experiment" });
}
