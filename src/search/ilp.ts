import loadHighs from "highs";
import { EngineError } from "../core";
import { checkTable, enteringWidthsOf, foundNetwork, headCostOf, limitsOf, stemCostOf } from "./costs";
import { infeasible } from "./infeasible";
import type { Budget, CostName, FoundNetwork, RatingTable } from "./types";
import { type Step, stepsBehind, unbeaten } from "./unbeaten";

/** A candidate behind a certain width: one 0-1 variable of the programme. */
interface Arc extends Step {
  readonly name: string;
  readonly block: number;
  readonly from: number;
}

/**
 * The best network within several limits as an integer linear programme, solved by HiGHS: one unit flows from the stem to
 * the head through the widths between blocks, each arc a candidate. An independent second opinion on `searchBest`.
 * @throws BudgetInfeasibleError when no network meets all limits.
 * @throws EngineError when HiGHS stops without an optimum.
 */
export async function ilpBest(table: RatingTable, budget: Budget): Promise<FoundNetwork> {
  checkTable(table);
  const limits = limitsOf(budget);
  const arcs = arcsOf(
    table,
    limits.map(([name]) => name),
  );
  const highs = await loadHighs();
  const result = highs.solve(programme(table, arcs, limits), {
    output_flag: false,
    mip_rel_gap: 0,
    mip_abs_gap: 0,
  });
  if (result.Status === "Infeasible") throw infeasible(table, budget);
  if (result.Status !== "Optimal") {
    throw new EngineError(`ilpBest: HiGHS must end with an optimum, ended "${result.Status}"; use searchBest`);
  }
  const columns = result.Columns as Record<string, { Primal: number }>;
  const taken = arcs.filter(({ name }) => columns[name].Primal > 0.5);
  return foundNetwork(
    table,
    taken.map(({ candidate }) => candidate),
  );
}

/** All arcs that the optimum may need. */
function arcsOf(table: RatingTable, names: readonly CostName[]): Arc[] {
  const widths = enteringWidthsOf(table);
  return table.blocks.flatMap((candidates, block) =>
    widths[block].flatMap((from) =>
      unbeaten(stepsBehind(candidates, from, names)).map(
        (step, i): Arc => ({ ...step, name: `x${block}_${from}_${i}`, block, from }),
      ),
    ),
  );
}

/** The programme in CPLEX's LP format. */
function programme(table: RatingTable, arcs: readonly Arc[], limits: readonly (readonly [CostName, number])[]): string {
  const widths = enteringWidthsOf(table);
  const end = table.blocks.length;
  const sum = (terms: readonly string[]) => terms.join("\n + ");
  const leaving = (block: number, width: number) => arcs.filter((arc) => arc.block === block && arc.from === width);
  const rows = [`start: ${sum(leaving(0, table.stemWidth).map(({ name }) => name))} = 1`];
  for (let block = 1; block < end; block++) {
    for (const width of widths[block]) {
      const arriving = arcs.filter((arc) => arc.block === block - 1 && arc.candidate.width === width);
      const out = leaving(block, width).map(({ name }) => `\n - ${name}`);
      rows.push(`flow${block}_${width}: ${sum(arriving.map(({ name }) => name))}${out.join("")} = 0`);
    }
  }
  for (const [i, [name, limit]] of limits.entries()) {
    // In shares of the limit, for the solver's tolerances are absolute.
    const scale = Math.max(1, limit);
    const terms = arcs.map((arc) => {
      const head = arc.block === end - 1 ? headCostOf(table, name, arc.candidate.width) : 0;
      return `${(arc.costs[i] + head) / scale} ${arc.name}`;
    });
    rows.push(`limit${i}: ${sum(terms)} <= ${(limit - stemCostOf(table, name)) / scale}`);
  }
  const objective = sum(arcs.map((arc) => `${arc.value} ${arc.name}`));
  return `Minimize\n score: ${objective}\nSubject To\n ${rows.join("\n ")}\nBinary\n ${arcs.map(({ name }) => name).join("\n ")}\nEnd\n`;
}
