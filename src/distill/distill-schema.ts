import { z } from "zod";
import { MOST } from "../core";
import { COUNTS, must, withoutDefaults } from "../core/config-schema";
import { DISTILL_DEFAULTS } from "./distill-options";

/**
 * How supernets are distilled, each explained in `DistillOptions`, as a configuration says it.
 * @param usual What is taken where it is left out: training images whose features are imitated.
 */
export function distillSchema(usual: { readonly images: number }) {
  const { epochs, batchSize } = COUNTS;
  return z.strictObject({
    images: COUNTS.images.default(usual.images),
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
    guideInput: z.enum(["teacher", "student"]).default(DISTILL_DEFAULTS.guideInput),
    labelLoss: z.number().min(0).max(1).default(DISTILL_DEFAULTS.labelLoss),
    optimizerScope: z.enum(["path", "block"]).default(DISTILL_DEFAULTS.optimizerScope),
    initialWeights: z.enum(["fan-out", "fan-in"]).default(DISTILL_DEFAULTS.initialWeights),
    targetScale: z.enum(["none", "channel"]).default(DISTILL_DEFAULTS.targetScale),
  });
}

/** What a configuration says of distilling. */
export type DistillConfig = z.output<ReturnType<typeof distillSchema>>;

/** All of a configuration that decides a block's distillation. */
export function distillReads(config: DistillConfig, block: number): Record<string, unknown> {
  const own = (value: number | readonly number[]) => (typeof value === "number" ? value : value[block]);
  return {
    ...config,
    ...withoutDefaults(config, DISTILL_DEFAULTS, ["initialWeights", "targetScale"]),
    epochs: own(config.epochs),
    learningRate: own(config.learningRate),
  };
}
