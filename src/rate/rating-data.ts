import { Rng } from "../core";
import { checkFeatures } from "../distill";
import { tf } from "../engine";
import type { SearchSpace } from "../space";
import { type RatingTarget, ratingTarget } from "./candidate-rating";
import type { RateOptions, RatingFeatures } from "./rate-options";

/** Feature maps that travel through a cell together: what calibrates, and what is rated. */
export interface Maps {
  /** `[calibrationImages, height, width, channels]` */
  readonly calibration: tf.Tensor4D;
  /** One a rating batch. */
  readonly rating: readonly tf.Tensor4D[];
}

/** What enters and what should leave a block's cells, the same for all of them. */
export interface RatingData {
  readonly input: Maps;
  readonly targets: readonly RatingTarget[];
}

/** Loads the inputs and targets of a block; free them with {@link disposeData}. */
export function loadRatingData(
  space: SearchSpace,
  block: number,
  { calibration, rating }: RatingFeatures,
  { seed, calibrationImages, batchSize }: RateOptions,
): RatingData {
  checkFeatures(space, block, calibration);
  checkFeatures(space, block, rating);
  // One draw for all blocks: the same images calibrate everywhere.
  const order = new Rng(seed).fork("rate/calibration").permutation(calibration.count);
  const batches: Uint32Array[] = [];
  for (let from = 0; from < rating.count; from += batchSize) {
    batches.push(Uint32Array.from({ length: Math.min(batchSize, rating.count - from) }, (_, i) => from + i));
  }
  return {
    input: {
      calibration: calibration.batch(block, order.subarray(0, calibrationImages)),
      rating: batches.map((positions) => rating.batch(block, positions)),
    },
    targets: batches.map((positions) => ratingTarget(rating.batch(block + 1, positions))),
  };
}

export function disposeMaps({ calibration, rating }: Maps): void {
  tf.dispose([calibration, ...rating]);
}

export function disposeData({ input, targets }: RatingData): void {
  disposeMaps(input);
  tf.dispose(targets.map(({ features }) => features));
}
