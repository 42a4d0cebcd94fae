import type { BlockSupernet } from "../distill";
import { enumerateBlock } from "../space";
import { batchErrors, type CandidateRating, combine } from "./candidate-rating";
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
  const { input, targets, measure } = loadRatingData(space, block, features, resolveRateOptions(given));
  try {
    return enumerateBlock(space, block).map((candidate) => {
      const { path } = candidate;
      const cell = cells[candidate.cell];
      if (input.calibration) cell.forward(input.calibration, { mode: "recalibrate", path }).dispose();
      const errors = input.rating.map((x, i) => {
        const y = cell.forward(x, { mode: "eval", path });
        const error = batchErrors(y, targets[i]);
        y.dispose();
        return error;
      });
      return combine(candidate, errors, targets, measure);
    });
  } finally {
    disposeData({ input, targets });
  }
}
