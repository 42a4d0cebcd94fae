import { BudgetInfeasibleError, checkOptions, formatCount, type OptionRules, type Rng, rule } from "../core";
import { CompletionCounts } from "./completion-counts";
import { checkTable, foundNetwork } from "./costs";
import type { CostName, FoundNetwork, RatingTable } from "./types";

/** Draws per wanted network before giving up on finding another one. */
const PATIENCE = 500;

/** Which random networks are wanted. */
export interface RandomNetworksOptions {
  /** MACs they should have, or what `cost` names of them. */
  readonly near: number;
  /** What is to be near-equal; "macs" unless given. */
  readonly cost?: CostName;
  /** Largest relative distance from `near`. */
  readonly tolerance?: number;
  readonly count: number;
  readonly rng: Rng;
}

const RULES: OptionRules<RandomNetworksOptions> = {
  near: rule.above(0),
  cost: rule.oneOf("macs", "params", "activationBytes", "latencyMs"),
  tolerance: rule.from(0),
  count: rule.wholeFrom(0),
  rng: rule.any,
};

/**
 * Distinct random networks of near-equal MACs, or another cost: uniform over all networks of the table within the tolerance, whatever
 * their scores. The fair opponents of a found network.
 * @throws BudgetInfeasibleError when there are fewer than wanted, naming the attainable range.
 * @throws ConfigError when a number is NaN or out of range.
 */
export function randomNetworks(table: RatingTable, options: RandomNetworksOptions): FoundNetwork[] {
  checkOptions("randomNetworks", options, RULES);
  const { near, cost = "macs", tolerance = 0.05, count, rng } = options;
  checkTable(table);
  const [low, high] = [near * (1 - tolerance), near * (1 + tolerance)];
  const completions = new CompletionCounts(table, cost, high);
  const found = new Map<string, FoundNetwork>();
  for (let draw = 0; found.size < count && draw < PATIENCE * count; draw++) {
    const choice = completions.draw(low, high, rng);
    if (!choice) break;
    const network = foundNetwork(table, choice);
    // Bins round down, so a few draws fall just outside.
    if (network.cost[cost]! < low || network.cost[cost]! > high) continue;
    found.set(choice.map(({ cell, path }) => `${cell}:${path}`).join("/"), network);
  }
  if (found.size < count) {
    throw new BudgetInfeasibleError(
      `randomNetworks: ${table.space} must have ${count} networks of ${rangeWords(cost, low, high)}, found ${found.size}; widen the tolerance, take fewer or move \`near\` (in an experiment retrain.tolerance, retrain.random and the limits)`,
      { near, tolerance, found: found.size },
    );
  }
  return [...found.values()];
}

const UNITS: Readonly<Record<CostName, string>> = {
  macs: "MACs",
  params: "parameters",
  activationBytes: "bytes of activations",
  latencyMs: "ms",
};

function rangeWords(cost: CostName, low: number, high: number): string {
  const shown = (value: number) => (cost === "latencyMs" ? value.toFixed(3) : formatCount(value));
  return `${shown(low)} to ${shown(high)} ${UNITS[cost]}`;
}
