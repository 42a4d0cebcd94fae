import { checkOptions, type OptionRules } from "../core";
import { CONTRASTIVE_RULES, type ContrastiveOptions, trainContrastive } from "../train";
import { type CellSubject, cellEvaluator } from "./cell-evaluator";
import type { Evaluator } from "./evaluator";

/** How networks of cells are scored without labels, all alike; CSNAS' released code has one seed for every candidate. */
export type LabelFree<A> = CellSubject<A, Omit<ContrastiveOptions, "seed" | "task">>;

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
export function labelFree<A>(of: LabelFree<A>): Evaluator<A, never> {
  const { data, training, seed } = of;
  checkOptions("labelFree", training, RULES);
  return cellEvaluator("labelFree", of, {
    values: ["loss"],
    changed: (architecture) => ({ ...architecture, classes: training.features }),
    async measure(network, key, context) {
      const options = { ...training, seed, task: `train ${key} without labels` };
      const history = await trainContrastive(network, data, options, context);
      return { loss: Number(history.at(-1)!.loss.toFixed(6)) };
    },
  });
}
