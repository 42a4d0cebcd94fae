import { type Interval, Rng } from "../../core";
import { mean } from "../../core/statistics";
import { kendallTauB, type TrueNetwork } from "..";
import { type Agreement, agreement, BUDGETS } from "./agreement";

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

/** Mean of the seeds' 95 % intervals of a score. */
export function meanIntervals(
  networks: readonly TrueNetwork[],
  scores: readonly (readonly number[])[],
  draws?: number,
): Record<keyof Agreement, Interval> {
  const all = scores.map((of) => bootstrap(networks, of, { draws }));
  const names = Object.keys(all[0]) as (keyof Agreement)[];
  return Object.fromEntries(
    names.map((name) => [name, [mean(all.map((one) => one[name][0])), mean(all.map((one) => one[name][1]))]]),
  ) as unknown as Record<keyof Agreement, Interval>;
}

const PAIRED_DRAWS = 1000;

/** Tau of a ranking less that of another on the same networks, seed by seed. */
export interface TauDifference {
  /** Mean over seeds. */
  readonly mean: number;
  /** 95 % interval of the mean: bootstrap over networks, the same draw for both rankings and for all seeds. */
  readonly interval: Interval;
  readonly bySeed: readonly number[];
}

/** How much higher the first scores' tau is than the second's. @param a One list a seed, as `b`. */
export function pairedTau(
  networks: readonly TrueNetwork[],
  a: readonly (readonly number[])[],
  b: readonly (readonly number[])[],
): TauDifference {
  const differences = (indices: readonly number[]) => {
    const truth = indices.map((i) => networks[i].accuracy);
    const tau = (scores: readonly number[]) =>
      kendallTauB(
        indices.map((i) => scores[i]),
        truth,
      );
    return a.map((scores, seed) => tau(scores) - tau(b[seed]));
  };
  const rng = new Rng(1).fork("ranking/paired bootstrap");
  const draws = Array.from({ length: PAIRED_DRAWS }, () =>
    mean(differences(Array.from({ length: networks.length }, () => rng.int(networks.length)))),
  )
    .filter((value) => !Number.isNaN(value))
    .sort((x, y) => x - y);
  const at = (share: number) => draws[Math.round(share * (draws.length - 1))] ?? Number.NaN;
  const bySeed = differences([...networks.keys()]);
  return { mean: mean(bySeed), interval: [at(0.025), at(0.975)], bySeed };
}
