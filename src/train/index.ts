export * from "./bilevel";
export * from "./class-weights";
export * from "./confusion";
export * from "./contrastive-loss";
export * from "./embed";
export * from "./embedding-teacher";
export * from "./evaluate";
export { bestEpoch, type FineTuning } from "./fine-tuning";
export * from "./fit";
export * from "./linear-probe";
export * from "./losses";
export * from "./memory-bank";
export * from "./search-cells";
export {
  checkBelongs,
  type KeptState,
  type StateKind,
  type StateStore,
  stateFile,
  tensorsUnder,
  trainingStateName,
} from "./state-file";
export * from "./train-classifier";
export * from "./train-contrastive";
export * from "./train-embedding";
export { classifierStates, type TrainingData, trainingState } from "./training-checkpoint";
export * from "./training-history";
export * from "./training-options";
export * from "./training-schema";
export * from "./verification";
