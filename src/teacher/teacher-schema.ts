import { z } from "zod";
import { MOST, SpaceError } from "../core";
import { COUNTS, must, upTo } from "../core/config-schema";
import { type Architecture, architecturePreset, parseArchitecture } from "../space";
import { TRAINING_FORM, TRAINING_SCHEMA } from "../train";
import { presetName } from "./recognise";

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
    ...TRAINING_FORM,
    epochs: COUNTS.epochs,
    headEpochs: z.int().min(0).max(MOST.epochs),
    headLearningRate: z.number().gt(0),
    patience: upTo(MOST.epochs),
  })
  .partial();

/** Keys that say something of a teacher's file. */
const OF_FILE = ["arch", "preprocessing", "classes", "cuts", "fineTune", "featuresOnly"] as const;

/**
 * A teacher as a configuration says it: one to be trained, or one that is there.
 * @param usual What is taken where it is left out.
 */
export function teacherSchema(usual: { readonly architecture: string; readonly epochs: number }) {
  return z
    .strictObject({
      /** A preset's name, a preset with other input or classes (`{ "preset": "resnet18", "classes": 5 }`), or an architecture. */
      architecture: z
        .union([z.string(), z.record(z.string(), z.unknown())], must("a preset's name or an architecture"))
        .superRefine(known(teacherArchitecture))
        .default(usual.architecture),
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
       * The teacher of the file may have other classes or be of another data set: its feature maps alone are imitated, it is
       * neither measured nor asked for answers.
       */
      featuresOnly: z.boolean().optional(),
      /** The teacher of the file is taught this data, with a new classifier where its classes are others; `{}` as usual. */
      fineTune: fineTune.optional(),
      epochs: COUNTS.epochs.default(usual.epochs),
      ...TRAINING_SCHEMA,
    })
    .superRefine((given, context) => {
      if (given.featuresOnly && given.fineTune) {
        context.addIssue({
          code: "custom",
          path: ["featuresOnly"],
          message:
            "is for a teacher whose answers mean something else, and fineTune teaches it the data: leave one out",
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
}

/** What a configuration says of a teacher. */
export type TeacherConfig = z.output<ReturnType<typeof teacherSchema>>;

/** A configuration of a teacher by what it speaks of. */
export function teacherParts({
  architecture: _given,
  file,
  fineTune,
  arch,
  preprocessing,
  classes,
  cuts,
  featuresOnly = false,
  ...training
}: TeacherConfig) {
  const ofFile = Object.fromEntries(
    Object.entries({ arch, preprocessing, classes, cuts }).filter(([, value]) => value !== undefined),
  ) as Pick<TeacherConfig, "arch" | "preprocessing" | "classes" | "cuts">;
  return { file, ofFile, featuresOnly, fineTune, training };
}

/** How a teacher is cut into blocks: a number of blocks, "stages", or the last layer of every block but the final one. */
export const splitSchema = z.union(
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
);
