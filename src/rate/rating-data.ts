import { Rng } from "../core";
import { checkFeatures, type FeatureSource } from "../distill";
import { tf } from "../engine";
import type { SearchSpace } from "../space";
import { type RatingTarget, ratingTarget } from "./candidate-rating";
import type { OwnRating } from "./own-rating";
import type { RateOptions, RatingFeatures, ResolvedRateOptions } from "./rate-options";

/** Feature maps that travel through a cell together: what calibrates, and what is rated. */
export interface Maps {
  /** `[calibrationImages, height, width, channels]`; absent where nothing is recalibrated. */
  readonly calibration?: tf.Tensor4D;
  /** One a rating batch. */
  readonly rating: readonly tf.Tensor4D[];
}

/** What enters and what should leave a block's cells, the same for all of them. */
export interface RatingData {
  readonly input: Maps;
  readonly targets: readonly RatingTarget[];
  /** With a readout: the teacher's maps of the calibration images, which it is fitted to. */
  readonly readoutTarget?: tf.Tensor4D;
  /** What candidates are scored by. */
  readonly measure: RateOptions["score"];
  /** In place of the measure. */
  readonly own?: OwnData;
}

/** What an own rating is given beside feature maps. */
export interface OwnData {
  readonly rating: OwnRating;
  /** Classes of the images of each batch, where they are known. */
  readonly labels?: readonly ArrayLike<number>[];
  readonly logits?: (y: tf.Tensor4D) => tf.Tensor2D;
}

/** Loads the inputs of a block, and the targets at its end or at that of a later one; free them with {@link disposeData}. */
export function loadRatingData(
  space: SearchSpace,
  block: number,
  { calibration, rating, rest }: RatingFeatures,
  options: ResolvedRateOptions,
  last = block,
): RatingData {
  const { batchSize, score, recalibrate, readout, rating: own } = options;
  for (const one of [block, last]) for (const source of [calibration, rating]) checkFeatures(space, one, source);
  const batches: Uint32Array[] = [];
  for (let from = 0; from < rating.count; from += batchSize) {
    batches.push(Uint32Array.from({ length: Math.min(batchSize, rating.count - from) }, (_, i) => from + i));
  }
  const logits = rest && ((y: tf.Tensor4D) => rest(y, last));
  return {
    input: {
      ...(recalibrate && { calibration: calibrationBatch(calibration, block, options) }),
      rating: batches.map((positions) => rating.batch(block, positions)),
    },
    targets: batches.map((positions) => ratingTarget(rating.batch(last + 1, positions), own ? undefined : logits)),
    ...(readout === "linear" && { readoutTarget: calibrationBatch(calibration, last + 1, options) }),
    measure: score,
    ...(own && {
      own: {
        rating: own,
        ...(rating.labels && { labels: batches.map((positions) => rating.labels!(positions)) }),
        ...(logits && { logits }),
      },
    }),
  };
}

/** Maps of the calibration images at a boundary `[calibrationImages, height, width, channels]`; the same images everywhere. */
export function calibrationBatch(
  calibration: FeatureSource,
  boundary: number,
  { seed, calibrationImages }: RateOptions,
): tf.Tensor4D {
  const order = new Rng(seed).fork("rate/calibration").permutation(calibration.count);
  return calibration.batch(boundary, order.subarray(0, calibrationImages));
}

export function disposeMaps({ calibration, rating }: Maps): void {
  tf.dispose(calibration ? [calibration, ...rating] : [...rating]);
}

export function disposeData({ input, targets, readoutTarget }: Omit<RatingData, "measure" | "own">): void {
  disposeMaps(input);
  readoutTarget?.dispose();
  tf.dispose(targets.flatMap(({ features, answers }) => (answers ? [features, answers.own] : [features])));
}
