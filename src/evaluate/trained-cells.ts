import { fingerprint, Rng, type StepContext, TrainingError } from "../core";
import { cellNetworkCost } from "../cost";
import type { Dataset } from "../data";
import { roundingClass } from "../engine";
import { CellNetwork } from "../nn";
import type { CellArchitecture, Space } from "../space";
import { evaluate, type TrainingOptions, trainClassifier } from "../train";
import type { Evaluator } from "./evaluator";
import { refuseBudget } from "./one-budget";

/** How networks of cells are trained, all alike. */
export interface CellTraining<A> {
  /** Of the study: two studies draw different initial weights for one cell. */
  readonly name: string;
  readonly space: Pick<Space<A, CellArchitecture>, "key" | "architecture">;
  readonly data: Dataset;
  readonly training: Pick<TrainingOptions, "epochs"> & Partial<Omit<TrainingOptions, "seed" | "task" | "checkpoint">>;
  /** Of initial weights and of the order of images. */
  readonly seed: number;
}

/**
 * Trains networks of cells briefly: what PNAS, EEEA-Net and others spend on each cell that they look at.
 *
 * Values: `validation`, which searches go by, and `test`, in percent; NaN where the training diverged. Costs: `macs` and
 * `params` of the network that is trained. An outcome follows from cell and seed alone; each cell has initial weights of its
 * own. `evaluate` throws InterruptedError when stopped.
 */
export function trainedCells<A>({ name, space, data, training, seed }: CellTraining<A>): Evaluator<A, never> {
  const recipe = fingerprint({ data: data.fingerprint, training, seed, engine: roundingClass() });
  return {
    name: "trainedCells",
    fingerprint: recipe,
    async evaluate(cell, budget, _from, { signal }: StepContext = {}) {
      refuseBudget("trainedCells", budget);
      const architecture = space.architecture(cell);
      const key = space.key(cell);
      const { macs, params } = cellNetworkCost(architecture);
      const started = performance.now();
      const built = new CellNetwork(architecture, new Rng(seed).fork(`${name}/${key}`));
      const values = { validation: Number.NaN, test: Number.NaN };
      try {
        const context = { signal };
        const { accuracy } = await trainClassifier(built, data, { ...training, seed, task: `train ${key}` }, context);
        const test = await evaluate(built, data.test, data, context);
        values.validation = percent(accuracy);
        values.test = percent(test.accuracy);
      } catch (error) {
        if (!(error instanceof TrainingError)) throw error;
      } finally {
        built.dispose();
      }
      return {
        values,
        costs: { macs, params },
        seconds: (performance.now() - started) / 1000,
        fingerprint: fingerprint({ recipe, architecture }),
      };
    },
  };
}

function percent(share: number): number {
  return Number((100 * share).toFixed(3));
}
