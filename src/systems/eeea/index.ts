export * from "./results-file";
export {
  type EeeaRun,
  type ExitLimit,
  eeeaSearcher,
  eeeaTable,
  exitLimit,
  limitAmong,
  runEeeaArm,
  trialsOf,
} from "./run-arm";
export * from "./settings";
export * from "./summary";
export * from "./trained-file";
export * from "./trained-searches";
export * from "./trained-settings";
export { drawnLimits, type FinalSize, finalSizes, smallPair, smallPairSpace } from "./trained-space";
export * from "./trained-summary";
