import { ConfigError, checkOptions, rule } from "../core";
import { BestFirst } from "./best-first";
import { checkTable, costNames, foundNetwork, limitsOf } from "./costs";
import { infeasible } from "./infeasible";
import type { Budget, FoundNetwork, RatingTable } from "./types";

/**
 * The k best networks within all limits of a budget, exactly, in rising score. Without limits: the best of all.
 * @throws BudgetInfeasibleError when no network meets all limits; says what is the least attainable.
 */
export function searchBest(table: RatingTable, budget: Budget = {}, options: { k?: number } = {}): FoundNetwork[] {
  checkOptions("searchBest", options, { k: rule.wholeFrom(1) });
  const { k = 1 } = options;
  checkTable(table);
  const limits = limitsOf(budget);
  for (const [name, limit] of limits) {
    if (!(limit >= 0)) throw new ConfigError(`searchBest: the limit on ${name} must be a number from 0, got ${limit}`);
  }
  // Without a limit any quantity serves as the axis of the bounds.
  const held = limits.length > 0 ? limits : ([[costNames(table)[0], Number.POSITIVE_INFINITY]] as typeof limits);
  const found = new BestFirst(
    table,
    held.map(([name]) => name),
  ).best(
    held.map(([, limit]) => limit),
    k,
  );
  if (found.length === 0) throw infeasible(table, budget);
  return found.map((choice) => foundNetwork(table, choice));
}
