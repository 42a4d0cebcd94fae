export { limitMemory } from "./limit-memory";
export * from "./plan-experiment";
export { smokeConfig } from "./smoke-config";
export { smokeExperiment } from "./smoke-experiment";
export type { ForeseenStep } from "./step-times";
