import { z } from "zod";
import { COUNTS, must } from "../core/config-schema";
import { augmentationSchema } from "../data";
import { TRAINING_DEFAULTS } from "./training-options";

/** How a network is trained on labels, each explained in `TrainingOptions`: parts of a schema, all of them to be given. */
export const TRAINING_FORM = {
  batchSize: COUNTS.batchSize,
  optimizer: z.enum(["sgd", "adam"]),
  learningRate: z.number().gt(0),
  warmupEpochs: z.number().min(0),
  weightDecay: z.number().min(0),
  momentum: z.number().min(0).lt(1),
  labelSmoothing: z.number().min(0).lt(1),
  augment: augmentationSchema,
  classWeights: z.union(
    [z.literal("balanced"), z.array(z.number().min(0))],
    must('"balanced", or a list of numbers, one a class'),
  ),
  ema: z.number().min(0).lt(1),
};

/** The same; what is left out is as everywhere, see `TRAINING_DEFAULTS`. */
export const TRAINING_SCHEMA = {
  batchSize: TRAINING_FORM.batchSize.default(TRAINING_DEFAULTS.batchSize),
  optimizer: TRAINING_FORM.optimizer.default(TRAINING_DEFAULTS.optimizer),
  learningRate: TRAINING_FORM.learningRate.default(TRAINING_DEFAULTS.learningRate),
  warmupEpochs: TRAINING_FORM.warmupEpochs.default(TRAINING_DEFAULTS.warmupEpochs),
  weightDecay: TRAINING_FORM.weightDecay.default(TRAINING_DEFAULTS.weightDecay),
  momentum: TRAINING_FORM.momentum.default(TRAINING_DEFAULTS.momentum),
  labelSmoothing: TRAINING_FORM.labelSmoothing.default(TRAINING_DEFAULTS.labelSmoothing),
  augment: augmentationSchema.default({}),
  classWeights: TRAINING_FORM.classWeights.optional(),
  ema: TRAINING_FORM.ema.optional(),
};
