/**
 * A scale on which accuracies may add up over blocks: a power of the error (Box and Cox, 1964), rising with the accuracy.
 * Between a net that learns nothing and a good one errors differ by their ratio more than by their difference; which power
 * suits is chosen by likelihood. Order does not change, so that the best sum is the best accuracy.
 */
export interface ErrorScale {
  /** 1 the accuracy itself, 0 the logarithm of the error, below 0 its inverse powers. */
  readonly power: number;
  /** From an accuracy 0..1. */
  to(accuracy: number): number;
  /** Back to an accuracy, kept within 0..1. */
  from(value: number): number;
  /** Logarithm of the slope at an accuracy: compares likelihoods over powers. */
  logSlope(accuracy: number): number;
}

/** Powers to choose from. */
export const POWERS: readonly number[] = [1, 0.5, 0, -0.5, -1, -1.5, -2];
/** Added to errors: one of 0 has no logarithm. */
const FLOOR = 0.002;

/** The scale of a power. */
export function errorScale(power: number): ErrorScale {
  const error = (accuracy: number) => 1 - accuracy + FLOOR;
  const toError = (value: number) => {
    if (power === 0) return Math.exp(-value);
    const raised = -power * value;
    if (raised <= 0) return power > 0 ? 0 : Number.POSITIVE_INFINITY;
    return raised ** (1 / power);
  };
  return {
    power,
    to: (accuracy) => (power === 0 ? -Math.log(error(accuracy)) : -(error(accuracy) ** power) / power),
    from: (value) => Math.min(1, Math.max(0, 1 + FLOOR - toError(value))),
    logSlope: (accuracy) => (power - 1) * Math.log(error(accuracy)),
  };
}
