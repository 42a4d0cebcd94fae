import { checkOptions, type OptionRules, rule } from "../core";
import { foundNetwork, limitsOf } from "./costs";
import { Mutation } from "./mutation";
import { isWithin, networkSampler, TRIAL_RULES, type TrialOptions } from "./random-search";
import type { FoundNetwork, RatingTable } from "./types";

export interface EvolutionOptions extends TrialOptions {
  /** Networks that live at a time; the first ones are random. Default 50. */
  readonly population?: number;
  /** Of which so many are drawn, with replacement, and the best becomes the parent. Default 10. */
  readonly sample?: number;
}

const RULES: OptionRules<EvolutionOptions> = {
  ...TRIAL_RULES,
  population: rule.wholeFrom(1),
  sample: rule.wholeFrom(1),
};

/** Mutations of one parent that may go beyond a limit before a random network takes the child's place. */
const ATTEMPTS = 100;

/**
 * Aging (regularised) evolution under a budget (Real et al., AAAI 2019, algorithm 1): the child of the best of a sample
 * joins the population, the oldest leaves it. Mutations that go beyond a limit are drawn again.
 * @returns One network an evaluation, in order, the first population included; a longer run begins with the shorter one
 * of the same `rng`.
 * @throws BudgetInfeasibleError when no network meets the limits, or too few for drawing.
 * @throws ConfigError when a number is no whole number from 1.
 */
export function agingEvolution(table: RatingTable, options: EvolutionOptions): FoundNetwork[] {
  checkOptions("agingEvolution", options, RULES);
  const { evaluations, budget = {}, rng, population = 50, sample = 10 } = options;
  const limits = limitsOf(budget);
  const random = networkSampler(table, budget, rng);
  const mutation = new Mutation(table);
  const childOf = (parent: FoundNetwork): FoundNetwork => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const child = foundNetwork(table, mutation.apply(parent.choice, rng));
      if (isWithin(child, limits)) return child;
    }
    return random();
  };
  const seen: FoundNetwork[] = [];
  while (seen.length < evaluations) {
    if (seen.length < population) {
      seen.push(random());
      continue;
    }
    // Every evaluation adds one and takes the oldest: those that live are the last ones.
    const oldest = seen.length - population;
    const drawn = Array.from({ length: sample }, () => seen[oldest + rng.int(population)]);
    seen.push(childOf(drawn.reduce((best, network) => (network.score < best.score ? network : best))));
  }
  return seen;
}
