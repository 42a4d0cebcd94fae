export * from "./candidate-rating";
export * from "./op-evaluations";
export * from "./rank-metrics";
export * from "./rate-block";
export * from "./rate-naive";
export * from "./rate-options";
export * from "./rating-table";
export * from "./student-features";
