import type { BlockSupernet } from "../distill";
import { tf } from "../engine";
import { enumerateBlock } from "../space";
import type { CandidateRating } from "./candidate-rating";
import { rateEnd } from "./rate-maps";
import { type RateOptions, type RatingFeatures, resolveRateOptions } from "./rate-options";
import { disposeData, loadRatingData } from "./rating-data";

/**
 * Rates every candidate of a block on its own, as the released DNA code does: calibrate the whole path, then run it.
 * The reference that the shared rating is tested against; it takes many times longer.
 */
export function rateNaive(
  { space, block, cells }: BlockSupernet,
  features: RatingFeatures,
  given: Partial<RateOptions> = {},
): CandidateRating[] {
  const data = loadRatingData(space, block, features, resolveRateOptions(given));
  const { input } = data;
  try {
    return enumerateBlock(space, block).map((candidate) => {
      const { path } = candidate;
      const cell = cells[candidate.cell];
      const calibration = input.calibration && cell.forward(input.calibration, { mode: "recalibrate", path });
      const maps = input.rating.map((x) => cell.forward(x, { mode: "eval", path }));
      const rating = rateEnd(candidate, { calibration, rating: maps }, data);
      tf.dispose(calibration ? [calibration, ...maps] : maps);
      return rating;
    });
  } finally {
    disposeData(data);
  }
}
