import { ConfigError, Rng, type StepContext } from "../core";
import type { Dataset } from "../data";
import { Network } from "../nn";
import { type Architecture, validateArchitecture } from "../space";
import { Teacher } from "./teacher";
import { trainClassifier } from "./train-classifier";
import type { TrainingOptions } from "./training-options";

/**
 * Trains a teacher from scratch on the labels of a data set.
 * @throws ConfigError when the architecture's input or classes are not the data set's.
 * @throws TrainingError, InterruptedError as {@link trainClassifier}; nothing stays allocated then.
 */
export async function trainTeacher(
  architecture: Architecture,
  dataset: Dataset,
  options: Partial<TrainingOptions> & Pick<TrainingOptions, "seed" | "epochs">,
  context: StepContext = {},
): Promise<Teacher> {
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
export function checkFits(architecture: Architecture, { name, shape, classes }: Dataset, where: string): void {
  validateArchitecture(architecture);
  const { input } = architecture;
  const same = input.height === shape.height && input.width === shape.width && input.channels === shape.channels;
  if (!same || architecture.classes !== classes.length) {
    throw new ConfigError(
      `${where}: ${architecture.name} must take ${shape.height}x${shape.width}x${shape.channels} and give ${classes.length} classes for data set ${name}, got ${input.height}x${input.width}x${input.channels} and ${architecture.classes}; choose a preset of that size or change \`input\` and \`classes\``,
      { architecture: architecture.name, dataset: name },
    );
  }
}
