import { fingerprint, Rng, type StepContext } from "../../core";
import { cellNetworkCost } from "../../cost";
import type { Dataset } from "../../data";
import { roundingClass } from "../../engine";
import type { Evaluator } from "../../evaluate";
import { CellNetwork } from "../../nn";
import type { CellGraph } from "../../space";
import { linearProbe, trainContrastive } from "../../train";
import type { CellCode } from "./cell-code";
import type { CsnasSettings } from "./settings";

/**
 * How much of the classes is in what a cell learns without labels: the accuracy of a linear classifier of its features.
 *
 * Values, percent: `probe`, after training, and `untrained`, of the same network before it. Only the linear classifier sees
 * labels. `evaluate` throws TrainingError where the training diverges, InterruptedError when stopped.
 */
export function probedCells(
  space: CellCode,
  data: Dataset,
  { contrastive, probe }: Pick<CsnasSettings, "contrastive" | "probe">,
  seed: number,
): Evaluator<CellGraph, never> {
  const training = { ...contrastive, epochs: probe.epochs };
  const recipe = fingerprint({ data: data.fingerprint, training, seed, engine: roundingClass() });
  return {
    name: "probedCells",
    fingerprint: recipe,
    async evaluate(cell, _budget, _from, { signal }: StepContext = {}) {
      const architecture = { ...space.architecture(cell), classes: contrastive.features };
      const key = space.key(cell);
      const started = performance.now();
      const network = new CellNetwork(architecture, new Rng(seed).fork(`csnas-probe/${key}`));
      try {
        const untrained = await linearProbe(network, data, { seed }, { signal });
        await trainContrastive(network, data, { ...training, seed, task: `train ${key} without labels` }, { signal });
        const trained = await linearProbe(network, data, { seed }, { signal });
        const { macs, params } = cellNetworkCost(architecture);
        return {
          values: { probe: percent(trained), untrained: percent(untrained) },
          costs: { macs, params },
          seconds: (performance.now() - started) / 1000,
          fingerprint: fingerprint({ recipe, architecture }),
        };
      } finally {
        network.dispose();
      }
    },
  };
}

function percent(share: number): number {
  return Number((100 * share).toFixed(3));
}
