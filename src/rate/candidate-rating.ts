import { ConfigError, TrainingError } from "../core";
import { fused, tf } from "../engine";
import type { RateOptions } from "./rate-options";

/** How well a candidate imitates the teacher's block; lower is better in all of them. */
export interface CandidateRating {
  readonly block: number;
  readonly cell: number;
  readonly path: readonly number[];
  /** The measure that was asked for, one of those below (relative L1 unless said otherwise) or an own rating. */
  readonly score: number;
  /** Relative L1: mean |Y - Yhat| / std(Y) of each batch, averaged by images (DNA, eq. 6). */
  readonly relativeL1: number;
  /** Mean squared error: the training loss, not normalised. */
  readonly mse: number;
  /** Mean squared error over the variance of the batch's Y. */
  readonly relativeMse: number;
  /** Mean over channels of mean squared error over variance, each of the channel (DONNA's noise-to-signal ratio). */
  readonly nsr: number;
  /**
   * Kullback-Leibler divergence, nats: of the teacher's class probabilities from those it gives with the candidate in the
   * block's place, averaged over images. Present where the teacher's rest is known.
   */
  readonly divergence?: number;
}

/** A rating batch's teacher features `[batch, height, width, channels]` with their spread. */
export interface RatingTarget {
  readonly features: tf.Tensor4D;
  readonly images: number;
  /** Over all elements of the batch. */
  readonly variance: number;
  /** Of each channel. */
  readonly channelVariances: Float32Array;
  readonly answers?: Answers;
}

/** What the teacher makes of feature maps at a block's end. */
export interface Answers {
  readonly logits: (y: tf.Tensor4D) => tf.Tensor2D;
  /** Of the teacher's own maps: log-probabilities `[batch, classes]`. */
  readonly own: tf.Tensor2D;
}

/** As in the released DNA code, against a teacher that says nothing. */
const EPSILON = 1e-9;

/** Measures the spread of a batch of the teacher's features; takes the tensor over. */
export function ratingTarget(features: tf.Tensor4D, logits?: Answers["logits"]): RatingTarget {
  const variance = tf.tidy(() => tf.moments(features).variance.dataSync()[0]);
  const channelVariances = tf.tidy(() => tf.moments(features, [0, 1, 2]).variance.dataSync() as Float32Array);
  const answers = logits && { logits, own: tf.tidy(() => tf.logSoftmax(logits(features)) as tf.Tensor2D) };
  return { features, images: features.shape[0], variance, channelVariances, ...(answers && { answers }) };
}

/** Errors of one batch, not yet averaged over batches. */
export interface BatchErrors {
  readonly l1: number;
  /** Mean squared error of each channel. */
  readonly channelMses: Float32Array;
  readonly divergence?: number;
  /** An own rating. */
  readonly own?: number;
}

/** Mean absolute and squared differences of a candidate's output to the teacher's features. */
export function batchErrors(y: tf.Tensor4D, { features, answers }: RatingTarget): BatchErrors {
  return tf.tidy(() => {
    const { absolute, squared } = fused.errorsOf(y, features);
    return {
      l1: absolute.dataSync()[0],
      channelMses: squared.dataSync() as Float32Array,
      ...(answers && { divergence: divergence(answers, y) }),
    };
  });
}

function divergence({ logits, own }: Answers, y: tf.Tensor4D): number {
  const difference = tf.sub(own, tf.logSoftmax(logits(y)));
  return tf.mean(tf.sum(tf.mul(tf.exp(own), difference), 1)).dataSync()[0];
}

/**
 * Averages a candidate's errors over the batches, weighted by images.
 * @throws TrainingError when a measure is NaN or infinite, ConfigError when the one asked for was not measured.
 */
export function combine(
  place: { block: number; cell: number; path: readonly number[] },
  errors: readonly BatchErrors[],
  targets: readonly RatingTarget[],
  measure: RateOptions["score"] = "relativeL1",
): CandidateRating {
  const images = targets.reduce((sum, target) => sum + target.images, 0);
  const average = (value: (i: number) => number) =>
    rounded(targets.reduce((sum, target, i) => sum + (value(i) * target.images) / images, 0));
  const mses = errors.map(({ channelMses }) => mean(channelMses));
  const measures = {
    relativeL1: average((i) => errors[i].l1 / (Math.sqrt(targets[i].variance) + EPSILON)),
    mse: average((i) => mses[i]),
    relativeMse: average((i) => mses[i] / (targets[i].variance + EPSILON)),
    nsr: average((i) => {
      const { channelVariances } = targets[i];
      return mean(errors[i].channelMses.map((mse, channel) => mse / (channelVariances[channel] + EPSILON)));
    }),
  };
  const divergence = errors.some((error) => error.divergence === undefined)
    ? {}
    : { divergence: average((i) => errors[i].divergence!) };
  const own = errors.every((error) => error.own !== undefined);
  const score = own ? average((i) => errors[i].own!) : { ...measures, ...divergence }[measure];
  if (score === undefined) {
    throw new ConfigError(
      `rate: score "${measure}" needs the teacher's rest (features.rest), got features without it; choose another score`,
    );
  }
  // All of them: a table cannot be read back with one that is no number.
  const values = { ...measures, ...divergence, [measure]: score };
  const odd = Object.entries(values).find(([, value]) => !Number.isFinite(value));
  if (odd) {
    throw new TrainingError(
      `rate: the ${odd[0]} of a candidate must be finite, got ${odd[1]} for block ${place.block}, cell ${place.cell}, path [${place.path.join(", ")}]: its supernet diverged or its state is damaged; distil the block anew, at a lower learning rate`,
      { ...place, score: odd[0] },
    );
  }
  return { ...place, score, ...measures, ...divergence };
}

function mean(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Nine significant digits: what float32 holds, and no more in a file. */
function rounded(value: number): number {
  return Number(value.toPrecision(9));
}
