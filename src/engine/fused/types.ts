import type * as tf from "@tensorflow/tfjs";

/** What follows a normalisation. */
export type ActivationKind = "none" | "silu" | "relu" | "relu6" | "hardswish";

/** Inside of a squeeze-excite, and its gate; MobileNetV3 has ReLU and the hard sigmoid whatever its layer's activation. */
export interface SqueezeExciteForm {
  readonly inner: ActivationKind;
  readonly gate: "sigmoid" | "hardsigmoid";
}

/** Mean and biased variance of a batch, `[channels]` each; no gradient flows through them. */
export interface BatchStatistics {
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

/** A kernel with the scale and shift of the batch norm that follows it. */
export interface ConvNormWeights {
  readonly kernel: tf.Tensor4D;
  /** `[channels]` */
  readonly gamma: tf.Tensor;
  /** `[channels]` */
  readonly beta: tf.Tensor;
}

/** The two dense layers of a squeeze-excite gate. */
export interface SqueezeExciteWeights {
  /** `[channels, reduced]` */
  readonly w1: tf.Tensor;
  /** `[reduced]` */
  readonly b1: tf.Tensor;
  /** `[reduced, channels]` */
  readonly w2: tf.Tensor;
  /** `[channels]` */
  readonly b2: tf.Tensor;
}

/** Weights of an inverted residual (MBConv); without `expand` the depthwise convolution sees the input itself. */
export interface MBConvWeights {
  /** kernel `[1, 1, inChannels, middle]` */
  readonly expand?: ConvNormWeights;
  /** kernel `[size, size, middle, 1]` */
  readonly depthwise: ConvNormWeights;
  readonly se?: SqueezeExciteWeights;
  /** kernel `[1, 1, middle, outChannels]` */
  readonly project: ConvNormWeights;
}

export interface MBConvOptions {
  readonly stride: 1 | 2;
  /** TensorFlow's "same" (asymmetric where the stride asks for it), or so many pixels on every side (PyTorch). */
  readonly padding: "same" | number;
  readonly epsilon: number;
  readonly activation: ActivationKind;
  /** The layer's activation and a sigmoid unless given. */
  readonly squeezeExcite?: SqueezeExciteForm;
  /** Adds the input to the output; needs stride 1 and equal channels. */
  readonly residual: boolean;
  /** False where nothing before `x` learns: the gradient of `x` is not computed, and asking for it is an error. */
  readonly inputGradient?: boolean;
}

export interface MBConvOutput {
  readonly y: tf.Tensor4D;
  readonly stats: {
    readonly expand?: BatchStatistics;
    readonly depthwise: BatchStatistics;
    readonly project: BatchStatistics;
  };
}
