import "./gradients";

export { activate, activateComposed, hardSigmoid } from "./activate";
export { type BatchNormOptions, batchNormInference, batchNormTraining } from "./batch-norm";
export {
  type ConvNormInference,
  type ConvNormOptions,
  convNormInference,
  type MBConvInferenceWeights,
  mbconvInference,
} from "./inference";
export { type ErrorsOf, errorsOf, meanSquaredError, softmaxCrossEntropy } from "./losses";
export { mbconvTraining } from "./mbconv";
export { squeezeExcite } from "./squeeze-excite";
export type {
  ActivationKind,
  BatchStatistics,
  ConvNormWeights,
  MBConvOptions,
  MBConvOutput,
  MBConvWeights,
  SqueezeExciteForm,
  SqueezeExciteWeights,
} from "./types";
export {
  type AdamHyperparameters,
  type AdamUpdate,
  adamUpdate,
  adamUpdates,
  type SgdHyperparameters,
  type SgdUpdate,
  sgdUpdate,
  sgdUpdates,
  updateRunning,
  updateRunningAll,
} from "./updates";
