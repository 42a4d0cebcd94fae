import { ConfigError, checkOptions, rule } from "../core";
import { checkTable, foundNetwork, limitsOf } from "./costs";
import { infeasible } from "./infeasible";
import type { Budget, FoundNetwork, RatedCandidate, RatingTable } from "./types";

const MOST = 1_000_000;

/** Every network of a table. @throws ConfigError above a million. */
export function allNetworks(table: RatingTable): FoundNetwork[] {
  checkTable(table);
  const count = table.blocks.reduce((product, block) => product * block.length, 1);
  if (count > MOST)
    throw new ConfigError(`allNetworks: at most ${MOST} networks can be listed, ${table.space} has ${count}`);
  let choices: RatedCandidate[][] = [[]];
  for (const block of table.blocks) {
    choices = choices.flatMap((choice) => block.map((candidate) => [...choice, candidate]));
  }
  return choices.map((choice) => foundNetwork(table, choice));
}

/**
 * The k best networks within a budget by looking at every one: what the searchers are tested against.
 * @throws BudgetInfeasibleError when no network meets all limits.
 */
export function bruteForce(table: RatingTable, budget: Budget = {}, options: { k?: number } = {}): FoundNetwork[] {
  checkOptions("bruteForce", options, { k: rule.wholeFrom(1) });
  const { k = 1 } = options;
  const limits = limitsOf(budget);
  const within = allNetworks(table).filter(({ cost }) => limits.every(([name, limit]) => cost[name]! <= limit));
  if (within.length === 0) throw infeasible(table, budget);
  return within.sort((a, b) => a.score - b.score).slice(0, k);
}
