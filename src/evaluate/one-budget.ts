import { ConfigError, shown } from "../core";
import type { EvaluationBudget } from "../search";

/** Of evaluators whose training is all that they spend. @throws ConfigError when a budget is named. */
export function refuseBudget(evaluator: string, budget: EvaluationBudget | undefined): void {
  if (budget === undefined) return;
  throw new ConfigError(
    `${evaluator}: it has one budget, its training, so none must be named, got ${shown(budget)}; leave it out`,
    { budget },
  );
}
