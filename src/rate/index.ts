export * from "./accuracy-predictor";
export * from "./candidate-rating";
export * from "./op-evaluations";
export {
  type OwnRating,
  ownRatingIdentity,
  type RatedMaps,
  type RatingFunction,
} from "./own-rating";
export { type RateContext, rateBlock } from "./rate-block";
export * from "./rate-cells";
export * from "./rate-chains";
export * from "./rate-naive";
export * from "./rate-options";
export * from "./rate-schema";
export * from "./rating-table";
export * from "./ratings-file";
export * from "./student-features";
export { SupernetRatings, type SupernetRatingsOptions } from "./supernet-ratings";
