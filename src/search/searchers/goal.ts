import { ConfigError, type OptionRules, rule } from "../../core";
import type { Outcome, ToldTrial } from "./searcher";

/** What a search is for: one named value (or cost) of the outcomes. Exactly one of the two. */
export interface Goal {
  /** Name of a value of the outcomes, e.g. "validation". */
  readonly maximise?: string;
  readonly minimise?: string;
}

export const GOAL_RULES: OptionRules<Goal> = { maximise: rule.text, minimise: rule.text };

/** @throws ConfigError unless just one is given. */
export function checkGoal(where: string, { maximise, minimise }: Goal): void {
  if ((maximise === undefined) !== (minimise === undefined)) return;
  throw new ConfigError(
    `${where}: there must be one of maximise and minimise, the name of a value such as "validation", got ${maximise === undefined ? "neither" : "both"}`,
    { maximise, minimise },
  );
}

/** A value or else a cost of an outcome by its name; NaN where it was measured and is none. @throws ConfigError when there is none of that name. */
export function namedValue({ values, costs }: Outcome, name: string, where = "search"): number {
  const found = Object.hasOwn(values, name) ? values[name] : Object.hasOwn(costs, name) ? costs[name] : undefined;
  if (typeof found === "number") return found;
  const known = [...Object.keys(values), ...Object.keys(costs)];
  throw new ConfigError(
    `${where}: outcomes must have the value ${JSON.stringify(name)}, and have ${known.join(", ") || "none"}; name one of these`,
    { name, known },
  );
}

/** How good an outcome is, higher is better; minus infinity where the value is NaN, so that it never wins. */
export function scoreOf(outcome: Outcome, { maximise, minimise }: Goal, where = "search"): number {
  const value = maximise === undefined ? -namedValue(outcome, minimise!, where) : namedValue(outcome, maximise, where);
  return Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value;
}

/**
 * The trial that a search would choose: the best of those of the largest budget that was tried, of equals the first. Undefined
 * where none has a value.
 */
export function bestTrial<A, T extends ToldTrial<A>>(told: readonly T[], goal: Goal): T | undefined {
  checkGoal("bestTrial", goal);
  let best: T | undefined;
  let most = Number.NEGATIVE_INFINITY;
  let score = Number.NEGATIVE_INFINITY;
  for (const one of told) {
    const own = scoreOf(one.outcome, goal, "bestTrial");
    const spent = budgetSize(one.trial.budget);
    if (own === Number.NEGATIVE_INFINITY || spent < most) continue;
    if (spent > most || own > score) [best, most, score] = [one, spent, own];
  }
  return best;
}

/** Orders budgets of one search: the product of its quantities; infinite, the usual one, where there is none. */
export function budgetSize(budget: ToldTrial<unknown>["trial"]["budget"]): number {
  return budget === undefined
    ? Number.POSITIVE_INFINITY
    : Object.values(budget).reduce((product, quantity) => product * quantity, 1);
}
