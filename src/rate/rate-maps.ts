import { tf } from "../engine";
import type { Candidate } from "../space";
import { type BatchErrors, batchErrors, type CandidateRating, combine } from "./candidate-rating";
import { meanOwnRating } from "./own-rating";
import type { Maps, RatingData } from "./rating-data";
import { applyReadout, fitReadout } from "./readout";

/**
 * Rates a candidate by the maps `[batch, height, width, channels]` that it ends in, behind a readout where one is asked for; the
 * maps stay.
 */
export function rateEnd(place: Candidate, { calibration, rating }: Maps, data: RatingData): CandidateRating {
  if (!data.readoutTarget) return rateMaps(place, rating, data);
  // The options do not allow a readout without calibration images.
  const readout = fitReadout(calibration!, data.readoutTarget);
  const maps = rating.map((one) => applyReadout(readout, one));
  try {
    return rateMaps(place, maps, data);
  } finally {
    tf.dispose([readout.kernel, readout.bias, ...maps]);
  }
}

/** Rates a candidate by what it made of the rating batches: maps `[batch, height, width, channels]`, which stay. */
function rateMaps(
  place: Candidate,
  maps: readonly tf.Tensor4D[],
  { input, targets, measure, own }: RatingData,
): CandidateRating {
  const errors = maps.map((student, i): BatchErrors => {
    const error = batchErrors(student, targets[i]);
    if (!own) return error;
    const { rating, labels, logits } = own;
    const { block, cell, path } = place;
    const seen = { student, teacher: targets[i].features, input: input.rating[i], block, cell, path };
    return { ...error, own: meanOwnRating(rating, { ...seen, labels: labels?.[i], logits }) };
  });
  return combine(place, errors, targets, measure);
}
