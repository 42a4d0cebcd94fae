import { Matrix } from "ml-matrix";

/** The arithmetic mean; not a number where there are no values. */
export function mean(values: readonly number[]): number {
  return values.length === 0 ? Number.NaN : Matrix.rowVector([...values]).mean();
}

/** The sample variance, squares over n - 1; of one value alone not a number. */
export function sampleVariance(values: readonly number[]): number {
  return values.length < 2 ? Number.NaN : Matrix.rowVector([...values]).variance();
}
