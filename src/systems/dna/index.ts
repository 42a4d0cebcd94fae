export * from "./config";
export * from "./defaults";
export * from "./plan";
export { plannedSteps } from "./planned-steps";
export { type PreparedExperiment, prepareExperiment, prepareSpace } from "./prepare-experiment";
export * from "./published";
export { type RetrainFoundOptions, retrainFound } from "./retrain-found";
export { runExperiment } from "./run-experiment";
export { runSweep } from "./sweep";
