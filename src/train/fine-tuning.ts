import type { tf } from "../engine";
import { cosine, loadState, type Network, type Schedule, saveState } from "../nn";
import type { EpochRecord } from "./training-history";

/** How a network goes on from weights that know other images. */
export interface FineTuning {
  readonly network: Network;
  /** A second network of the same architecture, which gets the weights of the best epoch. */
  readonly best: Network;
  /** First epochs in which the classifier alone learns; all before it, with its batch norms' statistics, stays. */
  readonly headEpochs: number;
  /** Peak learning rate of these epochs, which falls along half a cosine. */
  readonly headLearningRate: number;
  /** The training ends after so many epochs of the whole network without a better validation accuracy. */
  readonly patience: number;
}

/** What decides the outcome, for the name of kept states. */
export function tuningSettings({ headEpochs, headLearningRate, patience }: FineTuning) {
  return { headEpochs, headLearningRate, patience };
}

/** The head's epochs by their own rate, then the whole network's schedule from its beginning. */
export function headFirst(
  { headEpochs, headLearningRate }: FineTuning,
  whole: Schedule,
  stepsPerEpoch: number,
): Schedule {
  const total = headEpochs * stepsPerEpoch;
  const head = cosine({ base: headLearningRate, total });
  return (step) => (step < total ? head(step) : whole(step - total));
}

/** The parameters of the last, linear layer. */
export function classifierOf(network: Network): Map<string, tf.Variable> {
  return new Map([...network.parameters()].filter(([name]) => name.startsWith("classifier.")));
}

/** Index of the epoch of the highest validation accuracy, the first of equal ones; -1 of none. */
export function bestEpoch(history: readonly EpochRecord[]): number {
  return history.reduce((best, { validationAccuracy = 0 }, i) => {
    return best < 0 || validationAccuracy > (history[best].validationAccuracy ?? 0) ? i : best;
  }, -1);
}

/** Whether the whole network has had its epochs of patience without a better one. */
export function hasSettled({ headEpochs, patience }: FineTuning, history: readonly EpochRecord[]): boolean {
  return history.length - Math.max(headEpochs, bestEpoch(history) + 1) >= patience;
}

/** Takes the network's weights over where its validation accuracy is higher than any before. */
export function keepBest({ network, best }: FineTuning, accuracy: number, before: readonly EpochRecord[]): void {
  if (before.every(({ validationAccuracy = 0 }) => accuracy > validationAccuracy)) {
    loadState(best, saveState(network));
  }
}
