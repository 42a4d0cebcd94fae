import { fused, tf } from "../engine";

/** How well a candidate imitates the teacher's block; lower is better in all three. */
export interface CandidateRating {
  readonly block: number;
  readonly cell: number;
  readonly path: readonly number[];
  /** Relative L1: mean |Y - Yhat| / std(Y) of each batch, averaged by images (DNA, eq. 6). */
  readonly score: number;
  /** Mean squared error: the training loss, not normalised. */
  readonly mse: number;
  /** Mean squared error over the variance of the batch's Y. */
  readonly relativeMse: number;
}

/** A rating batch's teacher features `[batch, height, width, channels]` with their spread. */
export interface RatingTarget {
  readonly features: tf.Tensor4D;
  readonly images: number;
  /** Over all elements of the batch. */
  readonly variance: number;
}

/** As in the released DNA code, against a teacher that says nothing. */
const EPSILON = 1e-9;

/** Measures the spread of a batch of the teacher's features; takes the tensor over. */
export function ratingTarget(features: tf.Tensor4D): RatingTarget {
  const variance = tf.tidy(() => tf.moments(features).variance.dataSync()[0]);
  return { features, images: features.shape[0], variance };
}

/** Errors of one batch, not yet averaged over batches. */
export interface BatchErrors {
  readonly l1: number;
  readonly mse: number;
}

/** Mean absolute and squared difference of a candidate's output to the teacher's features. */
export function batchErrors(y: tf.Tensor4D, { features }: RatingTarget): BatchErrors {
  return tf.tidy(() => ({
    l1: tf.mean(tf.abs(tf.sub(y, features))).dataSync()[0],
    mse: fused.meanSquaredError(y, features).dataSync()[0],
  }));
}

/** Averages a candidate's errors over the batches, weighted by images. */
export function combine(
  place: { block: number; cell: number; path: readonly number[] },
  errors: readonly BatchErrors[],
  targets: readonly RatingTarget[],
): CandidateRating {
  const images = targets.reduce((sum, target) => sum + target.images, 0);
  const average = (value: (i: number) => number) =>
    rounded(targets.reduce((sum, target, i) => sum + (value(i) * target.images) / images, 0));
  return {
    ...place,
    score: average((i) => errors[i].l1 / (Math.sqrt(targets[i].variance) + EPSILON)),
    mse: average((i) => errors[i].mse),
    relativeMse: average((i) => errors[i].mse / (targets[i].variance + EPSILON)),
  };
}

/** Nine significant digits: what float32 holds, and no more in a file. */
function rounded(value: number): number {
  return Number(value.toPrecision(9));
}
