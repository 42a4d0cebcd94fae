import { existsSync, readFileSync } from "node:fs";
import { ConfigError, fingerprint, type StepContext } from "../core";
import type { Dataset } from "../data";
import type { Architecture } from "../space";
import {
  checkClasses,
  checkInput,
  fineTunedArchitecture,
  hubFile,
  isHubName,
  isModelFile,
  isPickle,
  type LayersTeacherOptions,
  openModelTeacher,
  openPyTorchTeacher,
  openTeacher,
  otherClasses,
  type PretrainedOptions,
  saysItself,
  saysNoClasses,
  type Teacher,
  unsaidClasses,
} from "../teacher";
import { asTeacher } from "./as-teacher";
import { loadFound } from "./found-file";

/** A teacher's file by what is in it. */
export interface NamedTeacher {
  readonly path: string;
  /** As it teaches: of one that is fine-tuned, for the images and classes of the data. */
  readonly architecture: Architecture;
  readonly classes: readonly string[];
  /** Name of the data set that it was trained on, or is fine-tuned on. */
  readonly dataset: string;
  /** Names all that the file decides: its bytes, or of weights of others the teacher that they give. */
  readonly content: string;
}

/** What weights of others do not say, and a model of TensorFlow.js. */
export type FileOptions = PretrainedOptions & Pick<LayersTeacherOptions, "cuts" | "macs">;

type DataForm = Pick<Dataset, "name" | "shape" | "classes">;

/**
 * Looks a teacher's file up before it is needed.
 * @param data Of the data set what decides a teacher of weights of others, or one that is fine-tuned; asked for where it does.
 * @throws ConfigError when it does not exist or a model's options do not fit, CheckpointError when it is damaged or something
 *   else.
 */
export async function nameTeacher(
  given: string,
  { fineTune, ...options }: FileOptions & { readonly fineTune?: object },
  data: () => Promise<DataForm>,
): Promise<NamedTeacher> {
  const path = isHubName(given) ? await hubFile(given) : given;
  if (!existsSync(path)) {
    throw new ConfigError(
      `experiment: teacher.file must be a teacher's file (.safetensors), weights or a model of others, or a found network's file (.json), and ${path} does not exist`,
      { path },
    );
  }
  const isOwn = isOwnFile(path);
  if (isOwn && !fineTune) {
    const teacher = await openTeacherFile(path, options);
    teacher.dispose();
    // A found network's file names its weights by their hash.
    const { architecture, classes, dataset } = teacher;
    return { path, architecture, classes, dataset, content: contentOf(path) };
  }
  const { name, shape, classes } = await data();
  const teacher = await openTeacherFile(path, forData(options, { name, shape, classes }));
  try {
    const content = isOwn ? contentOf(path) : teacher.fingerprint();
    if (!fineTune) {
      const { architecture, classes: own, dataset } = ofData(teacher, { name, classes });
      return { path, architecture, classes: own, dataset, content };
    }
    return {
      path,
      architecture: fineTunedArchitecture(teacher, { name, shape, classes }),
      classes,
      dataset: name,
      content,
    };
  } finally {
    teacher.dispose();
  }
}

function contentOf(path: string): string {
  return fingerprint(new Uint8Array(readFileSync(path)));
}

/** Whether a file was written by Blockwise and says all that a teacher needs. */
function isOwnFile(path: string): boolean {
  if (isModelFile(path)) return false;
  return path.endsWith(".json") || saysItself(path);
}

/** Options for images of a data set; classes that are given are the data's. */
function forData(options: FileOptions, { name, shape: { height, width } }: DataForm): FileOptions {
  return { ...options, input: { height, width }, ...(options.classes && { dataset: options.dataset ?? name }) };
}

/**
 * A teacher from its file, a found network's, weights of torchvision or timm, or a model of TensorFlow.js, whatever its data
 * and classes are.
 * @throws ConfigError, CheckpointError as `openTeacher`, `openModelTeacher` and `loadFound`.
 */
export async function openTeacherFile(
  given: string,
  { cuts, macs, ...options }: FileOptions = {},
  context: StepContext = {},
): Promise<Teacher> {
  const path = isHubName(given) ? await hubFile(given, context) : given;
  if (isModelFile(path)) {
    const { arch, ...others } = options;
    if (arch !== undefined) {
      throw new ConfigError(
        `teacher ${path}: arch is for weights of torchvision or timm, and a model says itself what it is; leave it out`,
      );
    }
    return openModelTeacher(path, defined({ ...others, cuts, macs }));
  }
  const [stray] = Object.keys(defined({ cuts, macs }));
  if (stray) {
    throw new ConfigError(
      `teacher ${path}: ${stray} is for models of TensorFlow.js (model.json); leave it out, and cut this one by split`,
    );
  }
  if (isPickle(path)) return openPyTorchTeacher(path, defined(options));
  if (!path.endsWith(".json")) return openTeacher(path, defined(options));
  const [odd] = Object.keys(defined(options)).filter((name) => name !== "input");
  if (odd) throw new ConfigError(`teacher ${path}: ${odd} is for weights of torchvision or timm; leave it out`);
  return asTeacher(loadFound(path));
}

function defined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T;
}

/** What a model of TensorFlow.js cannot say: that it tells this data's classes apart, where it names them. */
function ofData(teacher: Teacher, { name, classes }: Pick<DataForm, "name" | "classes">) {
  const isSame = teacher.dataset === "unknown" && teacher.classes.join("\n") === classes.join("\n");
  return { architecture: teacher.architecture, classes: teacher.classes, dataset: isSame ? name : teacher.dataset };
}

export interface LoadTeacherOptions {
  /** Take a teacher of other classes or another data set: its feature maps are imitated, its answers not asked for. */
  readonly featuresOnly?: boolean;
  /** Of weights and models of others: which network it is, how it sees images, what its classes are, where it is cut. */
  readonly pretrained?: FileOptions;
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
    if (teacher.architecture.classes === data.classes.length && saysNoClasses(teacher)) {
      throw unsaidClasses(teacher, data, where);
    }
    throw new ConfigError(
      `${where} the network must be of data set ${data.name}, got ${teacher.dataset}; load that data set, train a teacher${otherClasses(teacher.architecture)}`,
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
export async function loadTeacher(
  path: string,
  data: DataForm,
  { featuresOnly = false, pretrained = {} }: LoadTeacherOptions = {},
  context: StepContext = {},
): Promise<Teacher> {
  const teacher = await openTeacherFile(path, forData(pretrained, data), context);
  return checkedTeacher(teacher, path, data, featuresOnly);
}

/**
 * A teacher that was opened, if it teaches a data set; disposed otherwise.
 * @throws ConfigError as {@link loadTeacher}.
 */
export function checkedTeacher(teacher: Teacher, path: string, data: DataForm, featuresOnly = false): Teacher {
  try {
    if (featuresOnly) checkInput(teacher, data, `teacher ${path}:`);
    else checkTeaches({ path, ...ofData(teacher, data) }, data);
    return teacher;
  } catch (error) {
    teacher.dispose();
    throw error;
  }
}
