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
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}
