import type { StepContext } from "../core";
import type { Dataset } from "../data";
import { drawImages } from "../data";
import { type FeatureStore, teacherFeatures } from "./feature-store";
import type { TeacherBlock } from "./split";
import type { Teacher } from "./teacher";

export interface ImagesOptions {
  readonly seed: number;
  /** Images of the split to take; all of them when left out. */
  readonly images?: number;
  /** Folder to keep features in; memory when left out. */
  readonly directory?: string;
}

/** The teacher's features of training images, which the supernets imitate. */
export function distillFeatures(
  teacher: Teacher,
  blocks: readonly TeacherBlock[],
  { train }: Pick<Dataset, "train">,
  { seed, images, directory }: ImagesOptions,
  context: StepContext = {},
): Promise<FeatureStore> {
  return teacherFeatures(
    teacher,
    blocks,
    train,
    { indices: drawImages(train, images, seed, "distill"), directory },
    context,
  );
}

/** The teacher's features of validation images, on which candidates are rated. */
export function ratingFeatures(
  teacher: Teacher,
  blocks: readonly TeacherBlock[],
  { validation }: Pick<Dataset, "validation">,
  { seed, images, directory }: ImagesOptions,
  context: StepContext = {},
): Promise<FeatureStore> {
  const indices = drawImages(validation, images, seed, "rate");
  return teacherFeatures(teacher, blocks, validation, { indices, directory }, context);
}
