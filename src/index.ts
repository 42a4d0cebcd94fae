export * from "./benchmark";
export * from "./core";
export * from "./cost";
export * from "./data";
export * from "./distill";
export * from "./engine";
export * from "./evaluate";
export * from "./lab";
export * from "./nn";
export * from "./rate";
export * from "./retrain";
// Names that two rooms have: the search's result, and the space's shape.
export type { FoundNetwork } from "./search";
export * from "./search";
export type { ImageShape } from "./space";
export * from "./space";
export * from "./study";
export * from "./surrogate";
export * from "./systems/dna";
/** Ranking of NAS-Bench-Macro and its summary: `blockwise study ranking`. */
export * as ranking from "./systems/dna/ranking";
export * from "./teacher";
export * from "./train";
export * from "./viz";
