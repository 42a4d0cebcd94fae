export * from "./contract";
export * from "./evaluator-contract";
export * from "./executor-contract";
export * from "./predictor-contract";
export * from "./searcher-contract";
export * from "./space-contract";
