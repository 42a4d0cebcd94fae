import type { StepContext } from "../core";
import type { EvaluationBudget, Outcome } from "../search";

/**
 * Says how good an architecture is: by training it, by looking it up, by what ratings or a label-free loss say.
 * `test/contract/evaluator-contract.ts` has the suite that any evaluator must pass.
 *
 * @typeParam State From what a larger budget goes on, e.g. weights.
 */
export interface Evaluator<A, State = unknown> {
  readonly name: string;
  /** Names everything that decides outcomes beside the architecture and the budget: data, recipe, seed. */
  readonly fingerprint: string;
  /** Budgets that it can spend, from the smallest to the one that counts; left out where it has only one. */
  readonly budgets?: readonly EvaluationBudget[];
  /**
   * How far repeated outcomes of one architecture lie apart (standard deviation), by value; undefined where it is not known.
   * 0: the outcome is always the same.
   */
  readonly noise?: Readonly<Record<string, number>>;
  /**
   * @param budget The one that counts when left out.
   * @param from State of an outcome of the same architecture with a smaller budget.
   * @throws InterruptedError when stopped. @throws ConfigError for a budget that it cannot spend.
   */
  evaluate(architecture: A, budget?: EvaluationBudget, from?: State, context?: StepContext): Promise<Outcome<State>>;
}
