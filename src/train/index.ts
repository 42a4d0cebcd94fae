export * from "./evaluate";
export { bestEpoch, type FineTuning } from "./fine-tuning";
export * from "./fit";
export * from "./losses";
export { checkBelongs, type KeptState, type StateKind, type StateStore, stateFile, tensorsUnder } from "./state-file";
export * from "./train-classifier";
export { type TrainingData, trainingState } from "./training-checkpoint";
export * from "./training-history";
export * from "./training-options";
