import { mean } from "../../core/statistics";
import { kendallTauB, partialTau, pearson, spearman, type TrueNetwork } from "..";

/** MACs differ by at most this share of the larger: the pair counts as one of equal cost. */
export const EQUAL_MACS = 0.025;
/** Budgets of the regret, in MACs: twelve from 20 to 75 million. */
export const BUDGETS: readonly number[] = Array.from({ length: 12 }, (_, i) => (20 + i * 5) * 1e6);

/** How well a score (higher is better) agrees with the true accuracies. */
export interface Agreement {
  readonly tau: number;
  readonly spearman: number;
  readonly pearson: number;
  /** Kendall's partial tau given the MACs. */
  readonly partialTau: number;
  /** (concordant - discordant) / all, over all pairs of equal cost. */
  readonly concordance: number;
  /** Mean over the budgets: best true accuracy under the budget minus that of the best scored net, points. */
  readonly regret: number;
}

/**
 * What cannot be measured is NaN: without MACs all but the correlations, without two networks of equal cost the concordance.
 * @param scores One a network; higher is better.
 * @param budgets Of the regret, in MACs.
 * @throws ConfigError when there is not a number for each network.
 */
export function agreement(
  networks: readonly TrueNetwork[],
  scores: readonly number[],
  budgets: readonly number[] = BUDGETS,
): Agreement {
  const truth = networks.map(({ accuracy }) => accuracy);
  const macs = networks.map((network) => network.macs);
  const tau = kendallTauB(scores, truth);
  const hasMacs = macs.every(Number.isFinite);
  return {
    tau,
    spearman: spearman(scores, truth),
    pearson: pearson(scores, truth),
    partialTau: hasMacs ? partialTau(scores, truth, macs) : Number.NaN,
    concordance: hasMacs ? equalMacsConcordance(networks, scores) : Number.NaN,
    regret: hasMacs ? meanRegret(networks, scores, budgets) : Number.NaN,
  };
}

/**
 * (concordant - discordant) / all pairs whose MACs differ by at most {@link EQUAL_MACS} of the larger; ties
 * count as neither. NaN where all of these pairs tie in accuracy or in score: then there is nothing to agree on.
 */
export function equalMacsConcordance(networks: readonly TrueNetwork[], scores: readonly number[]): number {
  const order = [...networks.keys()].sort((a, b) => networks[a].macs - networks[b].macs);
  let balance = 0;
  let [differInTruth, differInScore] = [false, false];
  let pairs = 0;
  for (let i = 0; i < order.length; i++) {
    const a = order[i];
    for (let j = i + 1; j < order.length; j++) {
      const b = order[j];
      if (networks[b].macs - networks[a].macs > EQUAL_MACS * networks[b].macs) break;
      pairs++;
      const truth = Math.sign(networks[a].accuracy - networks[b].accuracy);
      const score = Math.sign(scores[a] - scores[b]);
      differInTruth ||= truth !== 0;
      differInScore ||= score !== 0;
      balance += truth * score;
    }
  }
  return differInTruth && differInScore ? balance / pairs : Number.NaN;
}

/**
 * Mean over budgets of the best true accuracy under the budget minus that of the net with the best score, points; budgets
 * under which there is no network are left out.
 */
export function meanRegret(
  networks: readonly TrueNetwork[],
  scores: readonly number[],
  budgets: readonly number[] = BUDGETS,
): number {
  const regrets = budgets.flatMap((budget) => {
    const affordable = [...networks.keys()].filter((i) => networks[i].macs <= budget);
    if (affordable.length === 0) return [];
    const picked = affordable.reduce((best, i) => (scores[i] > scores[best] ? i : best));
    return Math.max(...affordable.map((i) => networks[i].accuracy)) - networks[picked].accuracy;
  });
  return regrets.reduce((sum, regret) => sum + regret, 0) / regrets.length;
}

/** Mean of each measure. */
export function meanAgreement(all: readonly Agreement[]): Agreement {
  const names = Object.keys(all[0]) as (keyof Agreement)[];
  return Object.fromEntries(names.map((name) => [name, mean(all.map((one) => one[name]))])) as unknown as Agreement;
}
