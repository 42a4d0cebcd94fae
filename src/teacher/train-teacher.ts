import { ConfigError, Rng, type StepContext } from "../core";
import { checkDataset, type Dataset } from "../data";
import { Network } from "../nn";
import {
  type Architecture,
  formatShape,
  isArchitecturePreset,
  isForeign,
  sameShape,
  validateArchitecture,
} from "../space";
import { type TrainingOptions, trainClassifier } from "../train";
import { Teacher } from "./teacher";

/**
 * Trains a teacher from scratch on the labels of a data set.
 * @throws ConfigError when the architecture's input or classes are not the data set's; DataError for a malformed data set.
 * @throws TrainingError, InterruptedError as {@link trainClassifier}; nothing stays allocated then.
 */
export async function trainTeacher(
  architecture: Architecture,
  dataset: Dataset,
  options: Partial<TrainingOptions> & Pick<TrainingOptions, "seed" | "epochs">,
  context: StepContext = {},
): Promise<Teacher> {
  checkDataset(dataset, "trainTeacher");
  checkFits(architecture, dataset, "trainTeacher");
  const network = new Network(architecture, new Rng(options.seed).fork("teacher"));
  try {
    const history = await trainClassifier(network, dataset, { task: "train teacher", ...options }, context);
    const { preprocessing, classes, name } = dataset;
    return new Teacher(network, { architecture, preprocessing, classes, dataset: name, history });
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** @throws ConfigError when an architecture does not fit a data set, SpaceError when it is malformed. */
export function checkFits(
  architecture: Architecture,
  { name, shape, classes }: Pick<Dataset, "name" | "shape" | "classes">,
  where: string,
): void {
  validateArchitecture(architecture);
  const { input } = architecture;
  if (sameShape(input, shape) && architecture.classes === classes.length) return;
  const written = JSON.stringify({ preset: architecture.name, input: shape, classes: classes.length });
  const inFile = isArchitecturePreset(architecture.name)
    ? ` (in an experiment's file: "architecture": ${written})`
    : "";
  throw new ConfigError(
    `${where}: ${architecture.name} must take ${formatShape(shape)} and give ${classes.length} classes for data set ${name}, got ${formatShape(input)} and ${architecture.classes}; choose a preset of that size, or change \`input\` and \`classes\`${inFile}`,
    { architecture: architecture.name, dataset: name },
  );
}

/**
 * Whether a teacher's answers mean what the labels of a data set mean.
 * @param where Says who needs that; begins the message.
 * @throws ConfigError unless it takes the images and has the same classes in the same order.
 */
export function checkClasses(
  teacher: Pick<Teacher, "architecture" | "classes" | "dataset">,
  data: Pick<Dataset, "name" | "shape" | "classes">,
  where: string,
): void {
  const { architecture, classes } = teacher;
  checkInput({ architecture }, data, where);
  if (architecture.classes !== data.classes.length) {
    throw new ConfigError(
      `${where} the teacher must have the ${data.classes.length} classes of data set ${data.name}, got ${architecture.classes}; train a teacher on this data set${otherClasses(architecture)}`,
      { expected: data.classes.length, got: architecture.classes },
    );
  }
  const at = data.classes.findIndex((name, i) => name !== classes[i]);
  if (at < 0 && classes.length === data.classes.length) return;
  if (saysNoClasses(teacher)) throw unsaidClasses(teacher, data, where);
  throw new ConfigError(
    `${where} the teacher must have the classes of data set ${data.name} in their order, got "${classes[at]}" for class ${at}, which is "${data.classes[at]}"; train a teacher on this data set, load the one that it was trained on${otherClasses(architecture)}`,
    { class: at, expected: data.classes[at], got: classes[at] },
  );
}

/** Whether nobody said what a teacher's answers are called: weights and models of others carry numbers alone. */
export function saysNoClasses({ classes, dataset }: Pick<Teacher, "classes" | "dataset">): boolean {
  return ["imagenet", "unnamed data", "unknown"].includes(dataset) && classes.every((name, i) => name === String(i));
}

/** Class names that a message lists. */
const LISTED = 3;

/** That a teacher {@link saysNoClasses} and has as many as a data set. */
export function unsaidClasses(
  { architecture }: Pick<Teacher, "architecture">,
  { name: dataset, classes }: Pick<Dataset, "name" | "classes">,
  where: string,
): ConfigError {
  const names = classes.slice(0, LISTED).map((name) => JSON.stringify(name));
  const list = `[${names.join(", ")}${classes.length > LISTED ? ", ..." : ""}]`;
  return new ConfigError(
    `${where} it must be known that the teacher's ${classes.length} answers are the classes of data set ${dataset} in their order, and its file does not name them; where they are, say so when its weights are opened: classes: ${list} (all ${classes.length}; in a notebook classes: data.dataset.classes, in an experiment's file "classes" beside "file")${otherClasses(architecture)}`,
    { expected: classes.length },
  );
}

/** What to do with a teacher of other classes. */
export function otherClasses(architecture: Architecture): string {
  const tuned = isForeign(architecture)
    ? "; or train the model on this data by its own fit() before"
    : '; or give it a classifier for this data\'s classes: lab.teacher(file, { data, fineTune: {} }), in an experiment\'s file "teacher": { "file": ..., "fineTune": {} }';
  return `${tuned}; or imitate its feature maps alone: lab.teacher(file, { data, featuresOnly: true }), in an experiment's file "featuresOnly": true`;
}

/** @throws ConfigError unless a teacher takes the images of a data set. */
export function checkInput(
  { architecture: { name, input } }: Pick<Teacher, "architecture">,
  { name: dataset, shape }: Pick<Dataset, "name" | "shape">,
  where: string,
): void {
  if (sameShape(input, shape)) return;
  throw new ConfigError(
    `${where} the teacher ${name} must take the images of data set ${dataset}, ${formatShape(shape)}, got ${formatShape(input)}; bring the images to that size, or choose another teacher`,
    { dataset, expected: shape, got: input },
  );
}
