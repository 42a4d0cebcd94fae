import { fingerprint, Rng, type StepContext } from "../../core";
import { cellNetworkCost } from "../../cost";
import type { Dataset } from "../../data";
import { roundingClass } from "../../engine";
import type { Evaluator } from "../../evaluate";
import { CellNetwork } from "../../nn";
import { type CellArchitecture, type CellGraph, cellKey } from "../../space";
import { evaluate, trainClassifier } from "../../train";
import { SETTINGS } from "./settings";

/**
 * Trains the network of a cell for seconds: what PNAS spends on each cell that it looks at (20 epochs there).
 *
 * Values: `validation`, which searches go by, and `test`, in percent. An outcome follows from cell and seed alone; each cell
 * has initial weights of its own.
 * @param network Makes the network of a cell.
 */
export function trainedCells(
  data: Dataset,
  network: (cell: CellGraph) => CellArchitecture,
  seed: number,
): Evaluator<CellGraph, never> {
  const { training } = SETTINGS;
  const recipe = fingerprint({ data: data.fingerprint, training, seed, engine: roundingClass() });
  return {
    name: "trainedCells",
    fingerprint: recipe,
    async evaluate(cell, _budget, _from, { signal }: StepContext = {}) {
      const architecture = network(cell);
      const key = cellKey(cell);
      const { macs, params } = cellNetworkCost(architecture);
      const started = performance.now();
      const built = new CellNetwork(architecture, new Rng(seed).fork(`pnas/${key}`));
      try {
        const context = { signal };
        const { accuracy } = await trainClassifier(built, data, { ...training, seed, task: `train ${key}` }, context);
        const test = await evaluate(built, data.test, data, context);
        return {
          values: { validation: percent(accuracy), test: percent(test.accuracy) },
          costs: { macs, params },
          seconds: (performance.now() - started) / 1000,
          fingerprint: fingerprint({ recipe, architecture }),
        };
      } finally {
        built.dispose();
      }
    },
  };
}

function percent(share: number): number {
  return Number((100 * share).toFixed(3));
}
