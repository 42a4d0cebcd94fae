import { ConfigError, checkOptions, rule } from "../core";
import { candidateCost, checkTable, foundNetwork, limitsOf, loosened, stemCostOf } from "./costs";
import { infeasible } from "./infeasible";
import { leastCosts } from "./least-costs";
import type { Budget, FoundNetwork, RatedCandidate, RatingTable } from "./types";

/**
 * The best network within a budget by the paper's traversal (DNA, section 3.4): a depth-first walk over the blocks, each
 * block's candidates in rising score. It stops a level once even the best rest cannot beat the network in hand, and
 * leaves a prefix that the cheapest rest would carry over a limit; both are exact, unlike the released script's index
 * pruning. Time may grow with the product of the blocks (the paper speaks of half an hour for its whole space);
 * `searchBest` gives the same in a second.
 * `patience`: candidates to look at before giving up; about half a minute's worth when left out.
 * @throws BudgetInfeasibleError when no network meets all limits.
 * @throws ConfigError when patience ends.
 */
export function traversal(table: RatingTable, budget: Budget, options: { patience?: number } = {}): FoundNetwork {
  checkOptions("traversal", options, { patience: rule.wholeFrom(1) });
  const { patience = 20_000_000 } = options;
  checkTable(table);
  const limits = limitsOf(budget);
  const least = limits.map(([name]) => leastCosts(table, name));
  const sorted = table.blocks.map((block) => [...block].sort((a, b) => a.score - b.score));
  const bestRest = restScores(sorted);
  const last = sorted.length - 1;
  const chosen: RatedCandidate[] = [];
  let best: readonly RatedCandidate[] | undefined;
  let bestScore = Number.POSITIVE_INFINITY;
  let looks = 0;

  const walk = (block: number, score: number, costs: readonly number[], width: number): void => {
    for (const candidate of sorted[block]) {
      if (looks++ >= patience) {
        throw new ConfigError(
          `traversal: must end within ${patience} looks at ${table.space}, has not; use searchBest, or more patience`,
        );
      }
      const total = score + candidate.score;
      if (total + bestRest[block + 1] >= bestScore) return;
      const next = costs.map((cost, i) => cost + candidateCost(candidate, limits[i][0], width));
      // Summed from the head but at the last block: elsewhere the last bits may differ.
      const most = block === last ? (limit: number) => limit : loosened;
      if (next.some((cost, i) => cost + least[i].at(block + 1, candidate.width) > most(limits[i][1]))) continue;
      chosen[block] = candidate;
      if (block === last) {
        // The first affordable one is the best, for they come in rising score.
        bestScore = total;
        best = [...chosen];
        return;
      }
      walk(block + 1, total, next, candidate.width);
    }
  };
  walk(
    0,
    0,
    limits.map(([name]) => stemCostOf(table, name)),
    table.stemWidth,
  );
  if (!best) throw infeasible(table, budget);
  return foundNetwork(table, best);
}

/** Sum of the best scores from each block on. */
function restScores(sorted: readonly (readonly RatedCandidate[])[]): number[] {
  const rest = new Array<number>(sorted.length + 1).fill(0);
  for (let block = sorted.length - 1; block >= 0; block--) rest[block] = rest[block + 1] + sorted[block][0].score;
  return rest;
}
