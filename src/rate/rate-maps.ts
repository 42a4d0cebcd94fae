import type { tf } from "../engine";
import type { Candidate } from "../space";
import { type BatchErrors, batchErrors, type CandidateRating, combine } from "./candidate-rating";
import { meanOwnRating } from "./own-rating";
import type { RatingData } from "./rating-data";

/** Rates a candidate by what it made of the rating batches: maps `[batch, height, width, channels]`, which stay. */
export function rateMaps(
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
