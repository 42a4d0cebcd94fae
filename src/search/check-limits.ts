import { type LatencyTable, ratingCosts } from "../cost";
import type { SearchSpace } from "../space";
import { ilpSearch, type Limits } from "./ilp";
import { isBudget } from "./limits";
import { ratingTable } from "./rating-table";
import { searchBest } from "./search-best";
import { withLatency } from "./with-latency";

/**
 * Finds out before any training whether limits can be met, all at once.
 * @throws BudgetInfeasibleError naming the least attainable.
 */
export async function checkLimits(space: SearchSpace, limits: Limits, latencies?: LatencyTable): Promise<void> {
  const costOf = ratingCosts(space);
  // Any scores do; these lead the search to the cheapest networks first.
  const table = ratingTable(space, (candidate) => Math.min(...Object.values(costOf(candidate).macs)));
  const priced = latencies ? withLatency(table, space, latencies) : table;
  if (isBudget(limits)) searchBest(priced, limits);
  else await ilpSearch(priced, limits);
}
