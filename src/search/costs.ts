import { ConfigError, SpaceError, shown, unknownName } from "../core";
import type { Budget, CostName, FoundNetwork, RatedCandidate, RatingTable } from "./types";

/** Quantities that a table has for every candidate, for its stem and for its head. */
export function costNames(table: RatingTable): CostName[] {
  const names = Object.keys(table.blocks[0]?.[0]?.cost ?? {}) as CostName[];
  return names.filter((name) => table.headCost[name] && table.stemCost[name] !== undefined);
}

/**
 * Cost of a candidate behind a block of the given width.
 * @throws SpaceError when the table lacks it.
 */
export function candidateCost(candidate: RatedCandidate, name: CostName, width: number): number {
  const cost = candidate.cost[name]?.[width];
  if (cost === undefined) {
    throw new SpaceError(
      `rating table: candidate [${candidate.path}] of block ${candidate.block}, cell ${candidate.cell} must have ${name} behind width ${width}, got none; fill its cost with ratingCosts`,
    );
  }
  return cost;
}

/** Cost of the stem. @throws SpaceError when the table lacks it. */
export function stemCostOf(table: RatingTable, name: CostName): number {
  const cost = table.stemCost[name];
  if (cost === undefined)
    throw new SpaceError(`rating table: stemCost must have ${name}, has ${Object.keys(table.stemCost)}`);
  return cost;
}

/** Cost of head and classifier behind the last block. @throws SpaceError when the table lacks it. */
export function headCostOf(table: RatingTable, name: CostName, width: number): number {
  const cost = table.headCost[name]?.[width];
  if (cost === undefined)
    throw new SpaceError(`rating table: headCost must have ${name} behind width ${width}, got none`);
  return cost;
}

/** The network of one candidate a block, with the sum of its scores and all costs the table knows. */
export function foundNetwork(table: RatingTable, choice: readonly RatedCandidate[]): FoundNetwork {
  const cost: Partial<Record<CostName, number>> = {};
  for (const name of costNames(table)) {
    let width = table.stemWidth;
    let sum = stemCostOf(table, name);
    for (const candidate of choice) {
      sum += candidateCost(candidate, name, width);
      width = candidate.width;
    }
    cost[name] = sum + headCostOf(table, name, width);
  }
  return { choice, score: choice.reduce((sum, { score }) => sum + score, 0), cost };
}

/** What can be limited. */
export const COST_NAMES: readonly CostName[] = ["macs", "params", "activationBytes", "latencyMs"];

/** @throws ConfigError for a limit on what is no cost, with the right name. */
export function checkLimitNames(where: string, limits: object): void {
  for (const name of Object.keys(limits)) {
    if (COST_NAMES.includes(name as CostName)) continue;
    const hint = /^(m?flops?|madds?|multadds?)$/i.test(name)
      ? "; did you mean macs? Multiply-adds are called macs"
      : "";
    const what = hint ? `"${name}"${hint}` : unknownName(`"${name}"`, name, COST_NAMES);
    throw new ConfigError(`${where}: a limit must be on one of ${COST_NAMES.join(", ")}, got ${what}`, { name });
  }
}

/** Names and limits of a budget. @throws ConfigError for a limit that is NaN or no number: nothing lies within it. */
export function limitsOf(budget: Budget): [CostName, number][] {
  checkLimitNames("search", budget);
  const limits = (Object.entries(budget) as [CostName, number | undefined][]).filter(
    (limit): limit is [CostName, number] => limit[1] !== undefined,
  );
  for (const [name, limit] of limits) {
    if (typeof limit === "number" && !Number.isNaN(limit)) continue;
    throw new ConfigError(`search: the limit on ${name} must be a number, got ${shown(limit)}`, { [name]: limit });
  }
  return limits;
}

/** A limit with room for the last bits of a sum: what is added in another order may come out a little larger. */
export function loosened(limit: number): number {
  return limit + Math.abs(limit) * 2 ** -44;
}

/** Widths that may enter each block, and, at the end, the head. */
export function enteringWidthsOf(table: RatingTable): number[][] {
  return [
    [table.stemWidth],
    ...table.blocks.map((block) => [...new Set(block.map(({ width }) => width))].sort((a, b) => a - b)),
  ];
}

/**
 * Checks that a table can be searched: blocks with candidates, finite scores and costs. NaN would win or lose every
 * comparison, as it happens.
 * @throws SpaceError naming block, candidate and quantity.
 */
export function checkTable(table: RatingTable): void {
  if (table.blocks.length === 0) throw new SpaceError("rating table: at least one block is needed, got none");
  table.blocks.forEach((block, i) => {
    if (block.length === 0) throw new SpaceError(`rating table: block ${i} needs at least one candidate, got none`);
    for (const { score, path, cell, cost } of block) {
      const where = () => `candidate [${path}] of block ${i}, cell ${cell}`;
      if (!Number.isFinite(score)) {
        throw new SpaceError(`rating table: scores must be finite, got ${score} for ${where()}; rate it again`);
      }
      for (const name in cost) checkByWidth(name, cost[name as CostName], where);
    }
  });
  for (const name in table.stemCost) {
    const cost = table.stemCost[name as CostName];
    if (cost !== undefined && !Number.isFinite(cost)) throw notFinite(name, cost, "the stem");
  }
  for (const name in table.headCost) checkByWidth(name, table.headCost[name as CostName], () => "the head");
}

function checkByWidth(name: string, costs: Readonly<Record<string, number>> | undefined, where: () => string): void {
  for (const width in costs) {
    if (!Number.isFinite(costs[width])) throw notFinite(name, costs[width], `${where()} behind width ${width}`);
  }
}

function notFinite(name: string, cost: number, where: string): SpaceError {
  return new SpaceError(
    `rating table: costs must be finite numbers, got ${name} ${cost} for ${where}; fill its cost with ratingCosts, or measure it again`,
    { cost: name },
  );
}
