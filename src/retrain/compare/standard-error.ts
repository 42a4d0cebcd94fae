import { mean, sampleVariance } from "../../core/statistics";

/**
 * One standard error of an accuracy measured on `images` images, as a share. From the share that (right + 1) / (images + 2)
 * gives (Laplace's rule): 100 % of a hundred images is not certainty, so its error is not 0.
 */
export function standardError(accuracy: number, images: number): number {
  const share = (accuracy * images + 1) / (images + 2);
  return Math.sqrt((share * (1 - share)) / images);
}

/** The mean of measurements with its standard error; that of one alone is not a number. */
export function meanOf(values: readonly number[]): { readonly mean: number; readonly standardError: number } {
  return { mean: mean(values), standardError: Math.sqrt(sampleVariance(values) / values.length) };
}
