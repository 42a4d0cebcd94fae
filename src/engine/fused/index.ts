import "./gradients";

export { activate } from "./activate";
export { type BatchNormOptions, batchNormInference, batchNormTraining } from "./batch-norm";
export { meanSquaredError, softmaxCrossEntropy } from "./losses";
export { mbconvTraining } from "./mbconv";
export { squeezeExcite } from "./squeeze-excite";
export type {
  Activation,
  BatchStatistics,
  ConvNorm,
  MBConvOptions,
  MBConvOutput,
  MBConvWeights,
  SqueezeExciteWeights,
} from "./types";
export { type AdamOptions, adamUpdate, type SgdOptions, sgdUpdate, updateRunning } from "./updates";
