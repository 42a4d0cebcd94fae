export * from "./along-front";
export * from "./config";
export * from "./defaults";
export * from "./latencies";
export * from "./load-teacher";
export * from "./measured-front";
export * from "./published";
export { runExperiment } from "./run-experiment";
export * from "./steps";
