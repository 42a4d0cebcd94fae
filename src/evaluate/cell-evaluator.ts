import { fingerprint, Rng, type StepContext, TrainingError } from "../core";
import { cellNetworkCost } from "../cost";
import type { Dataset } from "../data";
import { roundingClass } from "../engine";
import { CellNetwork } from "../nn";
import type { CellArchitecture, Space } from "../space";
import type { Evaluator } from "./evaluator";
import { refuseBudget } from "./one-budget";

/** What decides how networks of cells are trained, all alike. */
export interface CellSubject<A, Training> {
  /** Of the study: two studies draw different initial weights for one cell. */
  readonly name: string;
  readonly space: Pick<Space<A, CellArchitecture>, "key" | "architecture">;
  readonly data: Dataset;
  readonly training: Training;
  /** Of initial weights and of all that a training draws. */
  readonly seed: number;
}

/** What an evaluator makes of a network. */
interface CellMeasurement<Value extends string> {
  /** Names of what it gives; NaN where a training diverged. */
  readonly values: readonly Value[];
  /** The network that is trained, where it is not the space's own. */
  readonly changed?: (architecture: CellArchitecture) => CellArchitecture;
  /** Trains and measures. @throws TrainingError where the training diverged. */
  measure(network: CellNetwork, key: string, context: Pick<StepContext, "signal">): Promise<Record<Value, number>>;
}

/**
 * An evaluator of one budget: each network of cells is drawn from seed and key alone, trained, measured and let go. Costs: `macs` and
 * `params` of the network that is trained; `seconds` of the whole.
 */
export function cellEvaluator<A, Value extends string>(
  evaluator: string,
  { name, space, data, training, seed }: CellSubject<A, unknown>,
  { values: names, changed = (architecture) => architecture, measure }: CellMeasurement<Value>,
): Evaluator<A, never> {
  const recipe = fingerprint({ data: data.fingerprint, training, seed, engine: roundingClass() });
  return {
    name: evaluator,
    fingerprint: recipe,
    async evaluate(cell, budget, _from, { signal }: StepContext = {}) {
      refuseBudget(evaluator, budget);
      const architecture = changed(space.architecture(cell));
      const key = space.key(cell);
      const { macs, params } = cellNetworkCost(architecture);
      const started = performance.now();
      const network = new CellNetwork(architecture, new Rng(seed).fork(`${name}/${key}`));
      let values: Readonly<Record<string, number>> = Object.fromEntries(names.map((one) => [one, Number.NaN]));
      try {
        values = await measure(network, key, { signal });
      } catch (error) {
        if (!(error instanceof TrainingError)) throw error;
      } finally {
        network.dispose();
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
