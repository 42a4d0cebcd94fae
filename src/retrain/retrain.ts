import { ConfigError, checkOptions, fingerprint, type OptionRules, Rng, rule, type StepContext } from "../core";
import { type NetworkCost, networkCost } from "../cost";
import {
  checkDataset,
  checkPreprocessing,
  type Dataset,
  datasetFingerprint,
  type Preprocessing,
  type Split,
} from "../data";
import { loadState, Network, type StoredTensor, saveState } from "../nn";
import type { Architecture } from "../space";
import { checkClasses, checkFits, type Teacher } from "../teacher";
import {
  type Evaluation,
  evaluate,
  type MeasuredHistory,
  resolveTrainingOptions,
  TRAINING_RULES,
  type TrainingOptions,
  trainClassifier,
} from "../train";

/** Learning a teacher's answers beside the labels. */
export interface Distillation {
  /** It sees the images under its own preprocessing. */
  readonly teacher: Teacher;
  /** Share of this loss, 0..1. */
  readonly weight: number;
  readonly temperature: number;
}

/**
 * Weights to start from, under the network's names, e.g. `supernetWeights(...)`; what is absent or of another shape is drawn
 * as in a training from scratch.
 */
export interface WarmStart {
  /** Names the weights, for the record; their content counts where a checkpoint is told from others. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /**
   * How the weights were learnt to see images: a supernet's are the teacher's. The network is trained, measured and used
   * under it; the data set's own unless given.
   */
  readonly preprocessing?: Preprocessing;
}

export interface RetrainOptions extends Partial<Omit<TrainingOptions, "softTargets" | "startFrom">> {
  readonly seed: number;
  readonly epochs: number;
  readonly distillation?: Distillation;
  /** All weights are drawn without it. */
  readonly warmStart?: WarmStart;
}

/** A network to train, and how. */
export interface Training {
  readonly architecture: Architecture;
  readonly options: RetrainOptions;
}

const { softTargets: _soft, startFrom: _start, ...trainingRules } = TRAINING_RULES;

/** What each option must be. */
export const RETRAIN_RULES: OptionRules<RetrainOptions> = {
  ...trainingRules,
  distillation: rule.options<Distillation>({
    teacher: rule.any,
    weight: rule.within(0, 1),
    temperature: rule.above(0),
  }),
  warmStart: rule.options<WarmStart>({ name: rule.text, tensors: rule.any, preprocessing: rule.any }),
};

/** A network trained from scratch, with what is needed to use and to judge it. */
export class Retrained {
  readonly architecture: Architecture;
  readonly cost: NetworkCost;

  constructor(
    readonly network: Network,
    /** What it was trained on; `fingerprint` is of the images and all that goes with them, as they were. */
    readonly dataset: Pick<Dataset, "name" | "classes" | "shape" | "fingerprint">,
    /** How the network sees images: the data set's, or what its warm start brought. */
    readonly preprocessing: Preprocessing,
    readonly history: MeasuredHistory,
    /** All settings of the training, without files and functions. */
    readonly training: Readonly<Record<string, unknown>>,
  ) {
    this.architecture = network.architecture;
    this.cost = networkCost(network.architecture);
  }

  /** Top-1 accuracy on the validation split, 0..1. */
  get accuracy(): number {
    return this.history.accuracy;
  }

  /** Accuracy and cross-entropy on a split. */
  evaluate(split: Split, context: StepContext = {}): Promise<Evaluation> {
    const { architecture, dataset, preprocessing } = this;
    const seen = { shape: dataset.shape, preprocessing };
    return evaluate(this.network, split, seen, context, `evaluate ${architecture.name}`);
  }

  /** Frees the weights. */
  dispose(): void {
    this.network.dispose();
  }
}

/**
 * Trains an architecture from scratch (fresh weights drawn by the seed) or from given weights, on the labels and, if asked,
 * a teacher's answers. Teacher and student each see the images under their own preprocessing.
 * @throws ConfigError when the architecture does not fit the data set, or the teacher has other classes.
 * @throws TrainingError, InterruptedError as `trainClassifier`; nothing stays allocated then.
 */
export async function retrain(
  architecture: Architecture,
  dataset: Dataset,
  options: RetrainOptions,
  context: StepContext = {},
): Promise<Retrained> {
  checkOptions("retrain", options, RETRAIN_RULES);
  checkDataset(dataset, "retrain");
  checkFits(architecture, dataset, "retrain");
  const { distillation, warmStart, ...training } = options;
  const preprocessing = warmStart?.preprocessing ?? dataset.preprocessing;
  checkPreprocessing(preprocessing, dataset.shape, "retrain: warmStart");
  const all = {
    task: `retrain ${architecture.name}`,
    ...training,
    softTargets: distillation && softTargets(distillation, dataset),
    startFrom: warmStart && `${warmStart.name} (${fingerprint(warmStart.tensors)})`,
  };
  const network = new Network(architecture, new Rng(options.seed).fork("retrain"));
  try {
    if (warmStart) startFrom(network, warmStart.tensors);
    const history = await trainClassifier(network, { ...dataset, preprocessing }, all, context);
    const { name, classes, shape } = dataset;
    const data = { name, classes, shape, fingerprint: datasetFingerprint(dataset) };
    return new Retrained(network, data, preprocessing, history, settings(all, warmStart));
  } catch (error) {
    network.dispose();
    throw error;
  }
}

/** @throws ConfigError when there is no teacher, or it has other classes. */
export function checkDistillation({ teacher }: Pick<Distillation, "teacher">, dataset: Dataset): void {
  if (typeof teacher?.logits !== "function") {
    throw new ConfigError("retrain: distillation.teacher must be a teacher, e.g. Teacher.load(path), got none");
  }
  checkClasses(teacher, dataset, "retrain: distillation needs the teacher's answers, so");
}

function softTargets({ teacher, weight, temperature }: Distillation, dataset: Dataset): TrainingOptions["softTargets"] {
  checkDistillation({ teacher }, dataset);
  const { preprocessing } = teacher;
  const logits = teacher.logits.bind(teacher);
  return { name: teacher.fingerprint(), preprocessing, logits, weight, temperature };
}

/** Puts in what fits; the rest of the network stays as it was drawn. */
function startFrom(network: Network, tensors: ReadonlyMap<string, StoredTensor>): void {
  const state = saveState(network);
  for (const [name, { shape }] of state) {
    const given = tensors.get(name);
    if (given?.shape.join() === shape.join()) state.set(name, given);
  }
  loadState(network, state);
}

function settings(
  options: Parameters<typeof resolveTrainingOptions>[0],
  warmStart: WarmStart | undefined,
): Record<string, unknown> {
  const {
    checkpoint: _file,
    task: _task,
    validateEvery: _often,
    startFrom: _content,
    softTargets,
    ...rest
  } = resolveTrainingOptions(options);
  const start = warmStart && { startFrom: warmStart.name };
  if (!softTargets) return { ...rest, ...start };
  const { name: teacher, weight, temperature } = softTargets;
  return { ...rest, ...start, distillation: { teacher, weight, temperature } };
}
