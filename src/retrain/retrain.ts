import { Rng, type StepContext } from "../core";
import { type NetworkCost, networkCost } from "../cost";
import type { Dataset, Split } from "../data";
import { loadState, Network, type StoredTensor, saveState } from "../nn";
import type { Architecture } from "../space";
import {
  checkFits,
  type Evaluation,
  evaluate,
  resolveTrainingOptions,
  type Teacher,
  type TrainingHistory,
  type TrainingOptions,
  trainClassifier,
} from "../teacher";

export interface RetrainOptions extends Partial<Omit<TrainingOptions, "softTargets">> {
  readonly seed: number;
  readonly epochs: number;
  /** Learn the teacher's answers beside the labels. */
  readonly distillation?: {
    readonly teacher: Teacher;
    /** Share of this loss, 0..1. */
    readonly weight: number;
    readonly temperature: number;
  };
  /**
   * Weights to start from, under the network's names, e.g. `supernetWeights(...)`; what is absent or of another shape is
   * drawn as in a training from scratch (and so is everything without this).
   */
  readonly warmStart?: {
    /** Names the weights; the same name for the same weights. */
    readonly name: string;
    readonly tensors: ReadonlyMap<string, StoredTensor>;
  };
}

/** A network trained from scratch, with what is needed to use and to judge it. */
export class Retrained {
  readonly architecture: Architecture;
  readonly cost: NetworkCost;

  constructor(
    readonly network: Network,
    readonly dataset: Pick<Dataset, "name" | "classes" | "shape" | "preprocessing" | "fingerprint">,
    readonly history: TrainingHistory,
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
    return evaluate(this.network, split, this.dataset, context, `evaluate ${this.architecture.name}`);
  }

  /** Frees the weights. */
  dispose(): void {
    this.network.dispose();
  }
}

/**
 * Trains an architecture from scratch (fresh weights drawn by the seed) or from given weights, on the labels and, if asked,
 * a teacher's answers.
 * @throws ConfigError when the architecture does not fit the data set.
 * @throws TrainingError, InterruptedError as `trainClassifier`; nothing stays allocated then.
 */
export async function retrain(
  architecture: Architecture,
  dataset: Dataset,
  { distillation, warmStart, ...options }: RetrainOptions,
  context: StepContext = {},
): Promise<Retrained> {
  checkFits(architecture, dataset, "retrain");
  const network = new Network(architecture, new Rng(options.seed).fork("retrain"));
  const softTargets = distillation && {
    name: distillation.teacher.fingerprint(),
    logits: distillation.teacher.logits.bind(distillation.teacher),
    weight: distillation.weight,
    temperature: distillation.temperature,
  };
  const all = { task: `retrain ${architecture.name}`, ...options, softTargets, startFrom: warmStart?.name };
  try {
    if (warmStart) startFrom(network, warmStart.tensors);
    const history = await trainClassifier(network, dataset, all, context);
    return new Retrained(network, dataset, history, settings(all));
  } catch (error) {
    network.dispose();
    throw error;
  }
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

function settings(options: Parameters<typeof resolveTrainingOptions>[0]): Record<string, unknown> {
  const {
    checkpoint: _file,
    task: _task,
    validateEvery: _often,
    softTargets,
    ...rest
  } = resolveTrainingOptions(options);
  if (!softTargets) return rest;
  const { name: teacher, weight, temperature } = softTargets;
  return { ...rest, distillation: { teacher, weight, temperature } };
}
