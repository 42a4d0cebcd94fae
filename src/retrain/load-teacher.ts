import { existsSync, readFileSync } from "node:fs";
import { ConfigError, fingerprint } from "../core";
import type { Dataset } from "../data";
import type { Architecture } from "../space";
import { checkClasses, checkInput, OTHER_CLASSES, openTeacher, type PretrainedOptions, type Teacher } from "../teacher";
import { asTeacher } from "./as-teacher";
import { loadFound } from "./found-file";

/** A teacher's file by what is in it. */
export interface NamedTeacher {
  readonly path: string;
  readonly architecture: Architecture;
  readonly classes: readonly string[];
  /** Name of the data set that it was trained on. */
  readonly dataset: string;
  /** Names the file's content. */
  readonly content: string;
}

/**
 * Looks a teacher's file up before it is needed.
 * @throws ConfigError when it does not exist, CheckpointError when it is damaged or something else.
 */
export function nameTeacher(path: string): NamedTeacher {
  if (!existsSync(path)) {
    throw new ConfigError(
      `experiment: teacher.file must be a teacher's file (.safetensors) or a found network's (.json), and ${path} does not exist`,
      { path },
    );
  }
  const teacher = openTeacherFile(path);
  teacher.dispose();
  // A found network's file names its weights by their hash.
  const { architecture, classes, dataset } = teacher;
  return { path, architecture, classes, dataset, content: fingerprint(new Uint8Array(readFileSync(path))) };
}

/**
 * A teacher from its file, or a found network's, whatever its data and classes are.
 * @throws ConfigError, CheckpointError as `openTeacher` and `loadFound`.
 */
export function openTeacherFile(path: string, options: PretrainedOptions = {}): Teacher {
  if (!path.endsWith(".json")) return openTeacher(path, options);
  const [given] = Object.keys(options).filter((name) => name !== "input");
  if (given) throw new ConfigError(`teacher ${path}: ${given} is for weights of torchvision or timm; leave it out`);
  return asTeacher(loadFound(path));
}

export interface LoadTeacherOptions {
  /** Take a teacher of other classes or another data set: its feature maps are imitated, its answers not asked for. */
  readonly featuresOnly?: boolean;
  /** Of weights of torchvision or timm: which network it is, how it sees images, what its classes are. */
  readonly pretrained?: Pick<PretrainedOptions, "arch" | "preprocessing" | "classes" | "dataset">;
}

/**
 * Whether the answers of a teacher's file mean what a data set's labels mean.
 * @throws ConfigError when it belongs to another data set, or its classes are not the data set's in their order.
 */
export function checkTeaches(
  { path, ...teacher }: Omit<NamedTeacher, "content">,
  data: Pick<Dataset, "name" | "shape" | "classes">,
): void {
  const where = `teacher ${path}:`;
  if (teacher.dataset !== data.name) {
    throw new ConfigError(
      `${where} the network must be of data set ${data.name}, got ${teacher.dataset}; load that data set, train a teacher${OTHER_CLASSES}`,
      { path, dataset: teacher.dataset },
    );
  }
  checkClasses(teacher, data, where);
}

/**
 * A teacher from its file (`.safetensors`), or from a found network's (`.json`): the student of one round as the teacher of
 * the next (DNA+, arXiv 2403.01326).
 * @throws ConfigError when it belongs to another data set, or its classes are not the data set's in their order: its answers
 *   would mean something else. With `featuresOnly` only when it does not take the images.
 * @throws CheckpointError when the file is damaged or something else.
 */
export function loadTeacher(
  path: string,
  data: Pick<Dataset, "name" | "shape" | "classes">,
  { featuresOnly = false, pretrained = {} }: LoadTeacherOptions = {},
): Teacher {
  const { height, width } = data.shape;
  const teacher = openTeacherFile(path, { ...pretrained, input: { height, width } });
  const { architecture, classes, dataset } = teacher;
  try {
    if (featuresOnly) checkInput(teacher, data, `teacher ${path}:`);
    else checkTeaches({ path, architecture, classes, dataset }, data);
    return teacher;
  } catch (error) {
    teacher.dispose();
    throw error;
  }
}
