import { mean, sampleVariance } from "../../core/statistics";

/** A mean with what lies around it: the middle 95 % of runs, or the 95 % interval of the mean. */
export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** Mean of runs, and the middle 95 % of them. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))];
  return { mean: mean(values), low: at(0.025), high: at(0.975) };
}

/** Mean of runs, and the 95 % interval of that mean: 1.96 standard errors. */
export function spreadOfMean(values: readonly number[]): Spread {
  const middle = mean(values);
  const variance = values.length > 1 ? sampleVariance(values) : 0;
  const half = 1.96 * Math.sqrt(variance / values.length);
  return { mean: middle, low: middle - half, high: middle + half };
}
