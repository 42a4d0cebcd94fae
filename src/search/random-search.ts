import { BudgetInfeasibleError, checkOptions, type OptionRules, type Rng, rule } from "../core";
import { CompletionCounts } from "./completion-counts";
import { checkTable, foundNetwork, limitsOf } from "./costs";
import { infeasible } from "./infeasible";
import { searchBest } from "./search-best";
import type { Budget, FoundNetwork, RatingTable } from "./types";

/** Draws in a row beyond a limit before giving up. */
const PATIENCE = 10_000;

/** Of a search that looks at networks one by one. */
export interface TrialOptions {
  /** Networks to rate; one that comes again counts again. */
  readonly evaluations: number;
  /** Limits that every rated network meets. Costs are counted without rating, so that no evaluation goes beyond them. */
  readonly budget?: Budget;
  readonly rng: Rng;
}

/** What each option must be. */
export const TRIAL_RULES: OptionRules<TrialOptions> = {
  evaluations: rule.wholeFrom(1),
  budget: rule.any,
  rng: rule.any,
};

/**
 * Random search: networks drawn uniformly among all within the budget, with replacement.
 * @returns One network an evaluation, in order; a longer run begins with the shorter one of the same `rng`.
 * @throws BudgetInfeasibleError when no network meets the limits, or too few for drawing.
 * @throws ConfigError when `evaluations` is no whole number from 1.
 */
export function randomSearch(table: RatingTable, options: TrialOptions): FoundNetwork[] {
  checkOptions("randomSearch", options, TRIAL_RULES);
  const { evaluations, budget = {}, rng } = options;
  const draw = networkSampler(table, budget, rng);
  return Array.from({ length: evaluations }, draw);
}

/** The best network after each evaluation: of equal scores the first. One without a score (NaN) never is while another has one. */
export function bestSoFar(seen: readonly FoundNetwork[]): FoundNetwork[] {
  let best: FoundNetwork | undefined;
  return seen.map((network) => {
    if (!best || network.score < best.score || Number.isNaN(best.score)) best = network;
    return best;
  });
}

/** Draws networks uniformly among all that meet the limits. @throws BudgetInfeasibleError as {@link randomSearch}. */
export function networkSampler(table: RatingTable, budget: Budget, rng: Rng): () => FoundNetwork {
  checkTable(table);
  const limits = limitsOf(budget).filter(([, limit]) => limit < Number.POSITIVE_INFINITY);
  const [first] = limits;
  // Exact counts for one limit; what rounding or the other limits let through is drawn again.
  const completions = first && new CompletionCounts(table, ...first);
  const choose = completions
    ? () => completions.draw(0, first[1], rng)
    : () => table.blocks.map((candidates) => rng.pick(candidates));
  return () => {
    for (let draw = 0; draw < PATIENCE; draw++) {
      const choice = choose();
      if (!choice) throw infeasible(table, budget);
      const network = foundNetwork(table, choice);
      if (isWithin(network, limits)) return network;
    }
    searchBest(table, budget); // says so when there is none at all
    throw new BudgetInfeasibleError(
      `random networks of ${table.space}: one in ${PATIENCE} must meet all limits, none did; widen one, or use searchBest`,
      { budget },
    );
  };
}

/** Whether a network meets all limits. */
export function isWithin({ cost }: FoundNetwork, limits: ReturnType<typeof limitsOf>): boolean {
  return limits.every(([name, limit]) => cost[name]! <= limit);
}
