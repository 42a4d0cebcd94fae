import type { TrueNetwork } from "../../benchmark";
import { kendallTauB, partialTau, pearson, spearman } from "../../benchmark";
import { Rng } from "../../core";

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

/** A 95 % interval of the bootstrap over networks. */
export type Interval = readonly [number, number];

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

/**
 * 95 % intervals of every measure: networks drawn anew with replacement, percentiles of the draws.
 * @param draws Each costs some hundred milliseconds for 4,000 networks.
 */
export function bootstrap(
  networks: readonly TrueNetwork[],
  scores: readonly number[],
  { draws = 100, seed = 1, budgets = BUDGETS }: { draws?: number; seed?: number; budgets?: readonly number[] } = {},
): Record<keyof Agreement, Interval> {
  const rng = new Rng(seed).fork("ranking/bootstrap");
  const all = Array.from({ length: draws }, () => {
    const picked = Array.from({ length: networks.length }, () => rng.int(networks.length));
    return agreement(
      picked.map((i) => networks[i]),
      picked.map((i) => scores[i]),
      budgets,
    );
  });
  const interval = (name: keyof Agreement): Interval => {
    // Of few networks a draw may have nothing to measure, e.g. the same one each time.
    const values = all.map((one) => one[name]).filter((value) => !Number.isNaN(value));
    values.sort((a, b) => a - b);
    if (values.length === 0) return [Number.NaN, Number.NaN];
    return [values[Math.floor(0.025 * values.length)], values[Math.ceil(0.975 * values.length) - 1]];
  };
  const names = Object.keys(all[0]) as (keyof Agreement)[];
  return Object.fromEntries(names.map((name) => [name, interval(name)])) as Record<keyof Agreement, Interval>;
}
