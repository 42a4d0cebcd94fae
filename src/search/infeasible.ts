import { BudgetInfeasibleError, formatCount } from "../core";
import { BestFirst } from "./best-first";
import { candidateCost, checkTable, foundNetwork, headCostOf, limitsOf, stemCostOf } from "./costs";
import { leastCosts } from "./least-costs";
import type { Budget, CostName, RatingTable } from "./types";

/** The least that a table can reach of one quantity, and what that is made of. */
export interface LeastAttainable {
  readonly total: number;
  readonly stem: number;
  readonly blocks: readonly number[];
  readonly head: number;
}

/** The least attainable of a quantity, with no other limit. @throws SpaceError when the table cannot be searched. */
export function leastAttainable(table: RatingTable, name: CostName): LeastAttainable {
  checkTable(table);
  const stem = stemCostOf(table, name);
  let width = table.stemWidth;
  const blocks = leastCosts(table, name)
    .choice(0, width)
    .map((candidate) => {
      const cost = candidateCost(candidate, name, width);
      width = candidate.width;
      return cost;
    });
  const head = headCostOf(table, name, width);
  return { total: blocks.reduce((sum, cost) => sum + cost, stem + head), stem, blocks, head };
}

const format = (name: CostName, value: number) =>
  name === "latencyMs" ? `${value.toFixed(3)} ms` : `${formatCount(value)} (${value})`;

/** The error for a budget that no network meets: names the least attainable and the blocks that set it. */
export function infeasible(table: RatingTable, budget: Budget): BudgetInfeasibleError {
  const limits = limitsOf(budget);
  const least = new Map(limits.map(([name]) => [name, leastAttainable(table, name)]));
  const short = limits.filter(([name, limit]) => least.get(name)!.total > limit);
  const details = { space: table.space, budget, least: Object.fromEntries(least) };
  if (short.length > 0) {
    const sentences = short.map(
      ([name, limit]) => `${name} <= ${format(name, limit)}: ${explain(name, least.get(name)!)}`,
    );
    return new BudgetInfeasibleError(`search: no network of ${table.space} has ${sentences.join("; nor ")}`, details);
  }
  // Each limit can be met alone: say how far each must give when the others hold.
  const together = limits.flatMap(([name]) => {
    const others = limits.filter(([other]) => other !== name);
    const walk = new BestFirst(
      table,
      others.map(([other]) => other),
      name,
    );
    const [choice] = walk.best(
      others.map(([, limit]) => limit),
      1,
    );
    // The others alone may be too much already; then another sentence says it.
    if (!choice) return [];
    const total = foundNetwork(table, choice).cost[name]!;
    const held = others.map(([other, limit]) => `${other} <= ${format(other, limit)}`).join(" and ");
    return [{ name, total, text: `with ${held} the least ${name} is ${format(name, total)}` }];
  });
  const wanted = limits.map(([name, limit]) => `${name} <= ${format(name, limit)}`).join(" and ");
  return new BudgetInfeasibleError(
    `search: no network of ${table.space} has ${wanted} at once, though each alone can be met: ${together.map(({ text }) => text).join("; ")}; relax one`,
    { ...details, together: Object.fromEntries(together.map(({ name, total }) => [name, total])) },
  );
}

function explain(name: CostName, { total, stem, blocks, head }: LeastAttainable): string {
  const parts = [
    ...blocks.map((cost, i) => ({ part: `block ${i}`, cost })),
    { part: "stem", cost: stem },
    { part: "head", cost: head },
  ];
  const largest = parts.sort((a, b) => b.cost - a.cost).slice(0, 3);
  const shares = largest.map(({ part, cost }) => `${part} at least ${format(name, cost)}`);
  return `the least attainable is ${format(name, total)}, set by ${shares.join(", ")}; raise the limit or add narrower or shallower cells there`;
}
