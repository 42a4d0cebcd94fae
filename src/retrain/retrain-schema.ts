import { z } from "zod";
import { MOST } from "../core";
import { asShare, COUNTS, upTo } from "../core/config-schema";
import { TRAINING_SCHEMA } from "../train";

/** What is taken where a configuration leaves it out. */
export interface UsualRetraining {
  readonly epochs: number;
  readonly alongFront: number;
  readonly random: number;
  readonly tolerance: number;
}

/**
 * Which networks are trained from scratch to be compared, and how, as a configuration says it.
 * @param usual What is taken where it is left out.
 */
export function retrainSchema(usual: UsualRetraining) {
  return z.strictObject({
    epochs: COUNTS.epochs.default(usual.epochs),
    ...TRAINING_SCHEMA,
    /** Start from what the supernets learnt, where it fits, instead of from drawn weights; random networks likewise. */
    warmStart: z.boolean().default(false),
    distillation: z.strictObject({ weight: z.number().min(0).max(1), temperature: z.number().gt(0) }).optional(),
    /** Networks of the predicted front, the best within the budget included. */
    alongFront: COUNTS.networks.default(usual.alongFront),
    /** Random networks of about the MACs of the best one of each budget, within the tolerance, to compare it with. */
    random: z.int().min(0).max(MOST.networks).default(usual.random),
    tolerance: asShare(z.number().gt(0).lt(1)).default(usual.tolerance),
    /** The teacher shrunk to the MACs of the best network of each budget, in these ways, to compare it with. */
    shrunk: z
      .array(z.enum(["width", "compound"]))
      .max(2)
      .refine((ways) => new Set(ways).size === ways.length, "must name each way once")
      .optional(),
    /** Trainings of each network, each from another seed: accuracies are then means with standard errors over them. */
    trainings: upTo(MOST.networks).optional(),
  });
}

/** What a configuration says of retraining. */
export type RetrainConfig = z.output<ReturnType<typeof retrainSchema>>;

/** How each network is trained: all of a configuration but which networks there are. */
export function trainingRecipe({
  alongFront: _along,
  random: _random,
  tolerance: _tolerance,
  shrunk: _shrunk,
  trainings: _trainings,
  distillation,
  warmStart,
  ...options
}: RetrainConfig) {
  return { distillation, warmStart, options };
}
