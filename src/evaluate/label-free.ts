import { checkOptions, fingerprint, type OptionRules, Rng, type StepContext, TrainingError } from "../core";
import { cellNetworkCost } from "../cost";
import type { Dataset } from "../data";
import { roundingClass } from "../engine";
import { CellNetwork } from "../nn";
import type { CellArchitecture, Space } from "../space";
import { CONTRASTIVE_RULES, type ContrastiveOptions, trainContrastive } from "../train";
import type { Evaluator } from "./evaluator";
import { refuseBudget } from "./one-budget";

/** How networks of cells are scored without labels, all alike. */
export interface LabelFree<A> {
  /** Of the study: two studies draw different initial weights for one cell. */
  readonly name: string;
  readonly space: Pick<Space<A, CellArchitecture>, "key" | "architecture">;
  readonly data: Dataset;
  readonly training: Omit<ContrastiveOptions, "seed" | "task">;
  /** Of initial weights, views and negatives; CSNAS' released code has the same one for every candidate. */
  readonly seed: number;
}

const RULES: OptionRules<Omit<ContrastiveOptions, "seed" | "task">> = Object.fromEntries(
  Object.entries(CONTRASTIVE_RULES).filter(([name]) => name !== "seed" && name !== "task"),
) as OptionRules<Omit<ContrastiveOptions, "seed" | "task">>;

/**
 * Scores networks without labels: how low a contrastive loss each reaches after brief training (CSNAS, Nguyen and Chang, arXiv
 * 2102.10557, section 3). No label is read.
 *
 * Values: `loss`, nats, the last epoch's mean; lower is better, NaN where the training diverged. Costs: `macs` and `params` of the
 * network, its last layer being of as many outputs as there are features. An outcome follows from architecture and seed alone.
 * `evaluate` throws InterruptedError when stopped.
 * @throws ConfigError for options that are not known or out of range.
 */
export function labelFree<A>({ name, space, data, training, seed }: LabelFree<A>): Evaluator<A, never> {
  checkOptions("labelFree", training, RULES);
  const recipe = fingerprint({ data: data.fingerprint, training, seed, engine: roundingClass() });
  return {
    name: "labelFree",
    fingerprint: recipe,
    async evaluate(candidate, budget, _from, { signal }: StepContext = {}) {
      refuseBudget("labelFree", budget);
      const architecture = { ...space.architecture(candidate), classes: training.features };
      const key = space.key(candidate);
      const { macs, params } = cellNetworkCost(architecture);
      const started = performance.now();
      const network = new CellNetwork(architecture, new Rng(seed).fork(`${name}/${key}`));
      let loss = Number.NaN;
      try {
        const options = { ...training, seed, task: `train ${key} without labels` };
        const history = await trainContrastive(network, data, options, { signal });
        loss = Number(history.at(-1)!.loss.toFixed(6));
      } catch (error) {
        if (!(error instanceof TrainingError)) throw error;
      } finally {
        network.dispose();
      }
      return {
        values: { loss },
        costs: { macs, params },
        seconds: (performance.now() - started) / 1000,
        fingerprint: fingerprint({ recipe, architecture }),
      };
    },
  };
}
