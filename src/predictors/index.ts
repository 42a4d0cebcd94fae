export type { EnsembleOptions } from "./ensemble";
export * from "./lstm";
export * from "./mlp";
export * from "./ridge";
export * from "./tokens";
