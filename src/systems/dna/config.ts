import { z } from "zod";
import { MOST } from "../../core";
import { upTo } from "../../core/config-schema";
import { parseConfig } from "../../core/parse-config";
import { dataSchema } from "../../data";
import { distillSchema } from "../../distill";
import { evidenceSchema } from "../../evaluate";
import { rateSchema } from "../../rate";
import { retrainSchema } from "../../retrain";
import { searchSchema } from "../../search";
import { blockSpaceSchema } from "../../space";
import { splitSchema, teacherSchema } from "../../teacher";
import { DNA_MINI } from "./defaults";

const { dataset, teacher, teacherEpochs, split, distillImages, ratingImages } = DNA_MINI;
const { macsOfTeacher, retrainEpochs, alongFront, random, tolerance } = DNA_MINI;

/** The form of an experiment: the rooms' own schemas at the recipe's sizes. */
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
    data: dataSchema({ name: dataset }).prefault({}),
    teacher: teacherSchema({ architecture: teacher, epochs: teacherEpochs }).prefault({}),
    split: splitSchema.default(split),
    space: blockSpaceSchema.prefault({}),
    distill: distillSchema({ images: distillImages }).prefault({}),
    rate: rateSchema({ images: ratingImages }).prefault({}),
    /** Without it the ratings are searched as they are. */
    improve: evidenceSchema.optional(),
    search: searchSchema({ macsOfTeacher }).prefault({}),
    retrain: retrainSchema({ epochs: retrainEpochs, alongFront, random, tolerance }).prefault({}),
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
  return withUsualValidation(parseConfig(experimentSchema, value, { where, what: "an experiment" }));
}

/** The count is written out where it does not depend on the images, as it was in runs made before it could be left out. */
function withUsualValidation(config: ExperimentConfig): ExperimentConfig {
  const { data } = config;
  if (data.validationCount !== undefined || !["fashion-mnist", "cifar-10"].includes(data.name)) return config;
  return { ...config, data: { ...data, validationCount: DNA_MINI.validationCount } };
}
