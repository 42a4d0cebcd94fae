import { ConfigError, checkOptions, type OptionRules, Rng, rule, type StepContext } from "../core";
import { checkDataset, type Dataset } from "../data";
import { loadState, Network, saveState } from "../nn";
import { type Architecture, validateArchitecture } from "../space";
import { bestEpoch, fineTuneClassifier, TRAINING_RULES, type TrainingOptions } from "../train";
import { Teacher } from "./teacher";

/** How a teacher is fine-tuned; what is not given is as {@link FINE_TUNING} says. */
export interface FineTuneOptions
  extends Partial<Omit<TrainingOptions, "task" | "softTargets" | "startFrom" | "validateEvery">> {
  /** Epochs of the whole network, at most. */
  readonly epochs?: number;
  /** Peak learning rate of the whole network, well below that of a training from scratch. */
  readonly learningRate?: number;
  /** First epochs in which the classifier alone learns; 0 where the classes stay the same. */
  readonly headEpochs?: number;
  readonly headLearningRate?: number;
  /** Ends after so many epochs of the whole network without a better validation accuracy. */
  readonly patience?: number;
}

/** Usual values for networks of ImageNet on smaller data: rates well below those of a training from scratch. */
export const FINE_TUNING = {
  epochs: 10,
  learningRate: 0.01,
  headEpochs: 2,
  headLearningRate: 0.05,
  patience: 3,
} as const;

const { task: _task, softTargets: _soft, startFrom: _start, validateEvery: _every, ...trainingRules } = TRAINING_RULES;

export const FINE_TUNE_RULES: OptionRules<FineTuneOptions> = {
  ...trainingRules,
  headEpochs: rule.wholeFrom(0),
  headLearningRate: rule.above(0),
  patience: rule.wholeFrom(1),
};

/**
 * Teaches a teacher another data set: it gets a new classifier (unless it has these classes in this order), which learns
 * alone first, then all weights learn; it keeps its preprocessing. Validation images choose the epoch whose weights are
 * kept, so their accuracy flatters a little; test images are not looked at.
 * @param teacher Stays as it is, and its caller's to dispose.
 * @throws ConfigError for an option that is not known, or images of another number of channels; DataError for a malformed
 *   data set; SpaceError when its layers cannot take images of that size.
 * @throws TrainingError, InterruptedError as `fineTuneClassifier`; nothing stays allocated then.
 */
export async function fineTune(
  teacher: Teacher,
  dataset: Dataset,
  options: FineTuneOptions & Pick<TrainingOptions, "seed">,
  context: StepContext = {},
): Promise<Teacher> {
  checkOptions("fineTune", options, FINE_TUNE_RULES);
  checkDataset(dataset, "fineTune");
  const keepsHead = teacher.classes.join("\n") === dataset.classes.join("\n");
  const architecture = architectureFor(teacher, dataset);
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings = { ...FINE_TUNING, ...(keepsHead && { headEpochs: 0 }), ...given } as typeof FINE_TUNING &
    Pick<TrainingOptions, "seed">;
  const { headEpochs, headLearningRate, patience, ...training } = settings;
  const rng = new Rng(settings.seed).fork("fine-tune");
  const network = new Network(architecture, rng);
  const best = new Network(architecture, rng);
  try {
    startFrom(network, teacher.network, keepsHead);
    const { preprocessing } = teacher;
    const history = await fineTuneClassifier(
      { network, best, headEpochs, headLearningRate, patience },
      { ...dataset, preprocessing },
      { ...training, task: "fine-tune teacher", startFrom: teacher.fingerprint() },
      context,
    );
    const kept = bestEpoch(history.epochs) + 1;
    const remark = `Fine-tuned from ${teacher.architecture.name} of ${teacher.dataset} (${teacher.classes.length} classes): ${keepsHead ? "its classifier kept" : "a new classifier"}${headEpochs > 0 ? `, which learnt alone for ${headEpochs} of ${history.epochs.length} epochs` : ""}; the weights are those of epoch ${kept} of ${history.epochs.length}, the best on validation images.`;
    const remarks = [...teacher.remarks, remark];
    const { classes, name } = dataset;
    return new Teacher(best, { architecture, preprocessing, classes, dataset: name, history, remarks });
  } catch (error) {
    best.dispose();
    throw error;
  } finally {
    network.dispose();
  }
}

/** The teacher's network for the data set's images and classes. */
function architectureFor({ architecture }: Teacher, { name, shape, classes }: Dataset): Architecture {
  const { channels } = architecture.input;
  if (channels !== shape.channels) {
    throw new ConfigError(
      `fineTune: ${architecture.name} must get images of ${channels} channel${channels === 1 ? "" : "s"}, and data set ${name} has ${shape.channels}; load the pictures with that many: lab.data(folder, { shape: { height, width, channels: ${channels} } })`,
      { expected: channels, got: shape.channels },
    );
  }
  const changed = { ...architecture, input: shape, classes: classes.length };
  validateArchitecture(changed);
  return changed;
}

/** All weights but, where it is new, the classifier's. */
function startFrom(network: Network, from: Network, withClassifier: boolean): void {
  const state = saveState(network);
  for (const [name, tensor] of saveState(from)) {
    if (withClassifier || !name.startsWith("classifier.")) state.set(name, tensor);
  }
  loadState(network, state);
}
