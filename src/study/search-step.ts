import { writeJson } from "../core";
import type { BudgetSearch } from "../retrain";
import { type Budget, type FoundNetwork, flatLimits, type Limits, type RatingTable, searchLimits } from "../search";
import { networkId } from "../space";
import { bestExpected } from "../surrogate";
import type { SearchedTable } from "./improve-step";
import type { RunDirectory } from "./run-directory";

/**
 * Searches a run's ratings exactly under its own limits, of which networks along the front are taken, and under each further
 * budget: the step "search". With a calibration the best of a budget is that of greatest expected accuracy, see
 * `bestExpected`. Leaves `ratings/table.json`.
 * @throws BudgetInfeasibleError when no network meets a budget.
 */
export async function searchStep(
  run: RunDirectory,
  { table, calibration }: SearchedTable,
  [limits, ...further]: readonly Limits[],
  { networks, difference }: { readonly networks: number; readonly difference?: number },
): Promise<BudgetSearch[]> {
  const choose = calibration && ((of: RatingTable, budget: Budget) => bestExpected(calibration, of, budget));
  const result = await searchLimits(table, limits, { networks, difference, choose });
  const searches = [{ limits, result }];
  for (const other of further) {
    searches.push({ limits: other, result: await searchLimits(table, other, { networks: 1, choose }) });
  }
  await run.step("search", () => {
    writeJson(run.file("ratings", "table.json"), table);
    const { best, front, traversalScore } = result;
    const also = searches.slice(1).map((one) => ({ budget: flatLimits(one.limits), best: point(one.result.best) }));
    return {
      budget: flatLimits(limits),
      best: point(best),
      traversalScore,
      networksOnFront: front.length,
      ...(also.length > 0 && { also }),
    };
  });
  return searches;
}

function point({ choice, score, cost: { macs, params } }: FoundNetwork) {
  return { id: networkId(choice), score, macs, params };
}
