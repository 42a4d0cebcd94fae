import { mean } from "../../core/statistics";
import type { TrueNetwork } from "..";
import { BUDGETS, meanRegret } from "./agreement";
import { networkScores, type SeedRatings } from "./block-scores";

/** Budget by budget: best true accuracy under the budget less that of the network that a ranking picks, points. */
export interface BudgetRegrets {
  /** Multiply-adds. */
  readonly budgets: readonly number[];
  /** By the ratings, means over seeds. */
  readonly weighted: readonly number[];
  readonly plain: readonly number[];
  /** By taking the network of most multiply-adds. */
  readonly mostMacs: readonly number[];
  /** What the weighted ratings of each seed pick under the smallest budget. */
  readonly picked: readonly { readonly seed: number; readonly network: TrueNetwork }[];
}

/**
 * @param networks Those that are ranked; one at least under every budget.
 * @param ratings One a seed.
 * @param weights Of the blocks (DNA's lambda).
 */
export function budgetRegrets(
  networks: readonly TrueNetwork[],
  ratings: readonly SeedRatings[],
  weights: readonly number[],
): BudgetRegrets {
  const scoresOf = ({ blocks, cuts }: SeedRatings, of?: readonly number[]) => networkScores(networks, blocks, cuts, of);
  const regrets = (scores: readonly number[]) => BUDGETS.map((budget) => meanRegret(networks, scores, [budget]));
  const overSeeds = (all: readonly (readonly number[])[]) => BUDGETS.map((_, i) => mean(all.map((of) => of[i])));
  return {
    budgets: BUDGETS,
    weighted: overSeeds(ratings.map((raw) => regrets(scoresOf(raw, weights)))),
    plain: overSeeds(ratings.map((raw) => regrets(scoresOf(raw)))),
    mostMacs: regrets(networks.map(({ macs }) => macs)),
    picked: ratings.map((raw) => ({
      seed: raw.seed,
      network: bestUnder(networks, scoresOf(raw, weights), BUDGETS[0]),
    })),
  };
}

/** The network of the highest score among those of at most so many multiply-adds. @throws RangeError when there is none. */
export function bestUnder(networks: readonly TrueNetwork[], scores: readonly number[], macs: number): TrueNetwork {
  const affordable = [...networks.keys()].filter((i) => networks[i].macs <= macs);
  if (affordable.length === 0) throw new RangeError(`no network has at most ${macs} multiply-adds`);
  return networks[affordable.reduce((best, i) => (scores[i] > scores[best] ? i : best))];
}
