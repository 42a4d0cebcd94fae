import { ConfigError, Rng, type StepContext } from "../core";
import { checkDataset, type Dataset } from "../data";
import { Network } from "../nn";
import { type Architecture, formatShape, isArchitecturePreset, sameShape, validateArchitecture } from "../space";
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
  { architecture, classes }: Pick<Teacher, "architecture" | "classes">,
  data: Pick<Dataset, "name" | "shape" | "classes">,
  where: string,
): void {
  checkInput({ architecture }, data, where);
  if (architecture.classes !== data.classes.length) {
    throw new ConfigError(
      `${where} the teacher must have the ${data.classes.length} classes of data set ${data.name}, got ${architecture.classes}; train a teacher on this data set${OTHER_CLASSES}`,
      { expected: data.classes.length, got: architecture.classes },
    );
  }
  const at = data.classes.findIndex((name, i) => name !== classes[i]);
  if (at < 0 && classes.length === data.classes.length) return;
  throw new ConfigError(
    `${where} the teacher must have the classes of data set ${data.name} in their order, got "${classes[at]}" for class ${at}, which is "${data.classes[at]}"; train a teacher on this data set, load the one that it was trained on${OTHER_CLASSES}`,
    { class: at, expected: data.classes[at], got: classes[at] },
  );
}

/** What to do with a teacher of other classes. */
export const OTHER_CLASSES =
  '; or give it a classifier for this data\'s classes: lab.teacher(file, { data, fineTune: {} }), in an experiment\'s file "teacher": { "file": ..., "fineTune": {} }; or imitate its feature maps alone: lab.teacher(file, { data, featuresOnly: true })';

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
