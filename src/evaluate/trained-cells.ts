import { evaluate, type TrainingOptions, trainClassifier } from "../train";
import { type CellSubject, cellEvaluator } from "./cell-evaluator";
import type { Evaluator } from "./evaluator";
import { roundedPercent } from "./rounded-percent";

/** How networks of cells are trained, all alike. */
export type CellTraining<A> = CellSubject<
  A,
  Pick<TrainingOptions, "epochs"> & Partial<Omit<TrainingOptions, "seed" | "task" | "checkpoint">>
>;

/**
 * Trains networks of cells briefly: what PNAS, EEEA-Net and others spend on each cell that they look at.
 *
 * Values: `validation`, which searches go by, and `test`, in percent; NaN where the training diverged. Costs: `macs` and
 * `params` of the network that is trained. An outcome follows from cell and seed alone; each cell has initial weights of its
 * own. `evaluate` throws InterruptedError when stopped.
 */
export function trainedCells<A>(of: CellTraining<A>): Evaluator<A, never> {
  const { data, training, seed } = of;
  return cellEvaluator("trainedCells", of, {
    values: ["validation", "test"],
    async measure(network, key, context) {
      const { accuracy } = await trainClassifier(network, data, { ...training, seed, task: `train ${key}` }, context);
      const test = await evaluate(network, data.test, data, context);
      return { validation: roundedPercent(accuracy), test: roundedPercent(test.accuracy) };
    },
  });
}
