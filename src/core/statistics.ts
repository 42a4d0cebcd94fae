import { Matrix } from "ml-matrix";

/** The arithmetic mean; not a number where there are no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Matrix.rowVector([...values]).mean();
}

/** The sample variance, squares over n - 1; of one value alone not a number. */
export function sampleVariance(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : Matrix.rowVector([...values]).variance();
}

/** A quantile of rising values, linear between neighbours (type 7 of Hyndman and Fan, 1996): of two the median is their mean. */
export function quantile(sorted: readonly number[], share: number): number {
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

/** The median of values in any order; of an even number of them the mean of the middle two. */
export function median(values: readonly number[]): number {
  return quantile(rising(values), 0.5);
}

/**
 * The median of how much each of some searches needed, infinity where one did not get there; undefined where the middle ones did
 * not. {@link median} takes differences, which infinite values have none of.
 */
export function medianReached(values: readonly number[]): number | undefined {
  const sorted = rising(values);
  const middle = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return middle.every(Number.isFinite) ? mean(middle) : undefined;
}

/** The line of least squares through points; flat where all x are equal. */
export function leastSquares(points: readonly (readonly [x: number, y: number])[]): {
  readonly slope: number;
  readonly intercept: number;
} {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  let xy = 0;
  let xx = 0;
  for (const [x, y] of points) {
    xy += (x - meanX) * (y - meanY);
    xx += (x - meanX) ** 2;
  }
  const slope = xx === 0 ? 0 : xy / xx;
  return { slope, intercept: meanY - slope * meanX };
}

function rising(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}

/** 97.5 % quantiles of Student's t distribution with 1, 2, ... degrees of freedom. */
const T975 = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/**
 * Half the width of a 95 % interval in standard errors: the 97.5 % quantile of Student's t distribution, 12.7 for two values,
 * 2.01 for fifty. Beyond ten degrees of freedom by its expansion around the normal quantile (Abramowitz and Stegun, 26.7.5),
 * to three decimals.
 * @param freedom Degrees of freedom, from 1: of the mean of n values n - 1.
 */
export function studentT95(freedom: number): number {
  if (freedom <= T975.length) return T975[freedom - 1];
  const z = 1.959964;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / freedom + second / freedom ** 2;
}
