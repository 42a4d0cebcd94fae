import { rmSync } from "node:fs";
import { isDamage } from "../core";
import type { Dataset } from "../data";
import type { TaskStepContext } from "../tasks";
import type { Retrained, Training } from "./retrain";
import { type RetrainAllOptions, retrainAll } from "./retrain-all";

/**
 * Trains networks side by side, see `retrainAll`. A training whose checkpoint is damaged, or of another training, makes way
 * for a new one: the checkpoints are the run's own.
 * @returns In the order given.
 * @throws What a training throws; those that are complete were told of by then, and the others stop.
 */
export async function trainAll(
  trainings: readonly Training[],
  dataset: Dataset,
  { onTrained, ...options }: RetrainAllOptions,
  context: TaskStepContext,
): Promise<Retrained[]> {
  const trained: Retrained[] = [];
  for (;;) {
    const missing = [...trainings.keys()].filter((index) => trained[index] === undefined);
    const keep = (index: number, retrained: Retrained) => {
      trained[missing[index]] = retrained;
      onTrained?.(missing[index], retrained);
    };
    try {
      await retrainAll(
        missing.map((index) => trainings[index]),
        dataset,
        { ...options, onTrained: keep },
        context,
      );
      return trained;
    } catch (error) {
      const checkpoint = damagedOf(error, trainings);
      if (checkpoint === undefined) throw error;
      context.onWarning?.(`${checkpoint} is damaged or of another training: trained from the start`);
      rmSync(checkpoint, { force: true });
    }
  }
}

/** The checkpoint of one of the trainings that an error is about. */
function damagedOf(error: unknown, trainings: readonly Training[]): string | undefined {
  if (!isDamage(error)) return undefined;
  const { path } = error.details;
  return trainings
    .map(({ options: { checkpoint } }) => (typeof checkpoint === "string" ? checkpoint : undefined))
    .find((checkpoint) => checkpoint !== undefined && checkpoint === path);
}
