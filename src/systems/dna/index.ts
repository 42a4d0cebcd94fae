export * from "./along-front";
export * from "./config";
export * from "./defaults";
export * from "./measured-front";
export { runExperiment } from "./run-experiment";
export * from "./steps";
