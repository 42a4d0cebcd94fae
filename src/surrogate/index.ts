export * from "./best-expected";
export * from "./calibrate";
export { type EffectTerm, type EffectTermsOptions, effectTerms, RATING_TERMS, type TermName } from "./effect-terms";
export { type ErrorScale, errorScale } from "./error-scale";
export * from "./expected-improvement";
export * from "./improve";
export { type Choice, NetworkProcess, type Variances } from "./network-process";
export * from "./propose";
