import { checkOptions, type OptionRules, paretoFront, rule } from "../core";
import { BestFirst } from "./best-first";
import { COST_NAMES, checkTable, foundNetwork, limitsOf, loosened, stemCostOf } from "./costs";
import { infeasible } from "./infeasible";
import { choiceOf, SuffixFronts } from "./suffix-fronts";
import type { Budget, CostName, FoundNetwork, RatingTable } from "./types";

export interface ExactFrontOptions {
  /** The cost that the front trades the score for; "macs" unless given. */
  readonly axis?: CostName;
  /** Limits that every network of the front meets. */
  readonly budget?: Budget;
}

const FRONT_RULES: OptionRules<ExactFrontOptions> = { axis: rule.oneOf(...COST_NAMES), budget: rule.any };

/**
 * The whole trade-off between a quantity and the score, exactly: every network that no other beats in both, rising in
 * cost and falling in score. Its last point within a limit is the optimum for that limit.
 * `budget`: limits that all networks of the front must meet, on the axis or on other quantities.
 * @throws BudgetInfeasibleError when no network meets them.
 */
export function exactFront(table: RatingTable, options: ExactFrontOptions = {}): FoundNetwork[] {
  checkOptions("exactFront", options, FRONT_RULES);
  const { axis = "macs", budget = {} } = options;
  checkTable(table);
  const others = limitsOf(budget).filter(([name]) => name !== axis);
  const highest = budget[axis] ?? Number.POSITIVE_INFINITY;
  if (others.length > 0) return limitedFront(table, axis, highest, others, budget);
  const left = loosened(highest) - stemCostOf(table, axis);
  const front = new SuffixFronts(table, axis)
    .at(0, table.stemWidth)
    .filter(({ cost }) => cost <= left)
    .map((completion) => foundNetwork(table, choiceOf(completion)))
    .filter(({ cost }) => cost[axis]! <= highest);
  if (front.length === 0) throw infeasible(table, budget);
  return front;
}

/** The front under further limits: the optimum, then the optimum below its cost, and so on (epsilon constraints). */
function limitedFront(
  table: RatingTable,
  axis: CostName,
  highest: number,
  others: readonly (readonly [CostName, number])[],
  budget: Budget,
): FoundNetwork[] {
  const walk = new BestFirst(table, [axis, ...others.map(([name]) => name)]);
  const limits = others.map(([, limit]) => limit);
  const points: { cost: number; value: number; network: FoundNetwork }[] = [];
  for (let limit = highest; ; ) {
    const [choice] = walk.best([limit, ...limits], 1);
    if (!choice) break;
    const network = foundNetwork(table, choice);
    const cost = network.cost[axis]!;
    points.push({ cost, value: network.score, network });
    limit = justBelow(cost);
  }
  if (points.length === 0) throw infeasible(table, budget);
  // A network of equal score may come later at less cost.
  return paretoFront(points).map(({ network }) => network);
}

/** A limit under which this cost no longer fits, though any distinct lower one does. */
function justBelow(cost: number): number {
  return Number.isInteger(cost) ? cost - 1 : cost * (1 - 2 ** -40);
}
