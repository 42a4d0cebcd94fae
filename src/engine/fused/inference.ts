import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../core/errors";
import { activateComposed, isNative } from "./activate";
import { batchNormInference, batchNormInferenceComposed } from "./batch-norm";
import { hasKernel, recording, runKernel } from "./dispatch";
import { mbconvNumbers, namedWeights } from "./mbconv-native";
import { squeezeExcite, squeezeExciteComposed } from "./squeeze-excite";
import type { ActivationKind, ConvNormWeights, MBConvOptions, MBConvWeights, SqueezeExciteWeights } from "./types";

/** A kernel, its batch norm and the statistics that the norm shall use. */
export interface ConvNormInference extends ConvNormWeights {
  /** `[channels]` */
  readonly mean: tf.Tensor;
  /** `[channels]` */
  readonly variance: tf.Tensor;
}

/** An MBConv's weights with the statistics of its norms. */
export interface MBConvInferenceWeights extends MBConvWeights {
  readonly expand?: ConvNormInference;
  readonly depthwise: ConvNormInference;
  readonly se?: SqueezeExciteWeights;
  readonly project: ConvNormInference;
}

export interface ConvNormOptions {
  readonly stride: number;
  readonly padding: "same" | "valid" | number;
  readonly epsilon: number;
  readonly activation: ActivationKind;
}

/**
 * Bias-free convolution, batch norm with given statistics, activation: one pass where the backend has it.
 *
 * `x` is `[batch, height, width, inChannels]`, the kernel `[height, width, inChannels, outChannels]`.
 * @throws ShapeError if a vector of the norm does not have the kernel's output channels, or `x` not its input channels.
 */
export function convNormInference(x: tf.Tensor4D, layer: ConvNormInference, options: ConvNormOptions): tf.Tensor4D {
  checkConvNorm("convNormInference", layer);
  const inChannels = layer.kernel.shape[2];
  if (x.rank !== 4 || x.shape[3] !== inChannels) {
    throw new ShapeError(
      `convNormInference: x must be [batch, height, width, ${inChannels}] for a kernel [${layer.kernel.shape}], but is [${x.shape}]`,
    );
  }
  if (!hasKernel("ConvNormInference") || recording()) return convNormWith(x, layer, options, batchNormInference);
  if (!isNative(options.activation)) {
    const linear = convNormInference(x, layer, { ...options, activation: "none" });
    const y = activateComposed(linear, options.activation);
    linear.dispose();
    return y;
  }
  const { kernel, gamma, beta, mean, variance } = layer;
  const { stride: strides, padding: pad, epsilon, activation } = options;
  return runKernel(
    "ConvNormInference",
    { x, kernel, gamma, beta, mean, variance },
    { strides, pad, epsilon, activation },
  );
}

/** `convNormInference` of ordinary ops, for every backend. */
export function convNormInferenceComposed(
  x: tf.Tensor4D,
  layer: ConvNormInference,
  options: ConvNormOptions,
): tf.Tensor4D {
  return convNormWith(x, layer, options, batchNormInferenceComposed);
}

function convNormWith(
  x: tf.Tensor4D,
  { kernel, gamma, beta, mean, variance }: ConvNormInference,
  { stride, padding, epsilon, activation }: ConvNormOptions,
  norm: typeof batchNormInference,
): tf.Tensor4D {
  return tf.tidy(() =>
    norm(tf.conv2d(x, kernel, stride, padding), gamma, beta, mean, variance, { epsilon, activation }),
  );
}

/**
 * An MBConv whose norms use given statistics: as one kernel where the backend has it, which keeps no intermediate map.
 *
 * `x` is `[batch, height, width, inChannels]`, the result `[batch, outHeight, outWidth, outChannels]`.
 * @throws ShapeError if the weights do not fit each other or `x`.
 */
export function mbconvInference(x: tf.Tensor4D, weights: MBConvInferenceWeights, options: MBConvOptions): tf.Tensor4D {
  checkWeights(x, weights, options);
  // Where a gradient is recorded, every op must have its own.
  const native = isNative(options.activation) && !options.squeezeExcite;
  if (!native || !hasKernel("MBConvInference") || recording()) {
    return mbconvWith(x, weights, options, batchNormInference, squeezeExcite);
  }
  const { expand, depthwise, project } = weights;
  const statistics = {
    ...(expand && { mean1: expand.mean, variance1: expand.variance }),
    mean2: depthwise.mean,
    variance2: depthwise.variance,
    mean3: project.mean,
    variance3: project.variance,
  };
  return runKernel(
    "MBConvInference",
    { x, ...namedWeights(weights), ...statistics },
    mbconvNumbers(x, weights, options),
  );
}

/** `mbconvInference` of ordinary ops, for every backend. */
export function mbconvInferenceComposed(
  x: tf.Tensor4D,
  weights: MBConvInferenceWeights,
  options: MBConvOptions,
): tf.Tensor4D {
  checkWeights(x, weights, options);
  return mbconvWith(x, weights, options, batchNormInferenceComposed, squeezeExciteComposed);
}

function mbconvWith(
  x: tf.Tensor4D,
  { expand, depthwise, se, project }: MBConvInferenceWeights,
  { stride, padding, epsilon, activation, squeezeExcite: form, residual }: MBConvOptions,
  norm: typeof batchNormInference,
  gate: typeof squeezeExcite,
): tf.Tensor4D {
  return tf.tidy(() => {
    const apply = (t: tf.Tensor4D, { gamma, beta, mean, variance }: ConvNormInference, act: ActivationKind) =>
      norm(t, gamma, beta, mean, variance, { epsilon, activation: act });
    let t = x;
    if (expand) t = apply(tf.conv2d(t, expand.kernel, 1, "valid"), expand, activation);
    t = apply(tf.depthwiseConv2d(t, depthwise.kernel, stride, padding), depthwise, activation);
    if (se) t = gate(t, se.w1, se.b1, se.w2, se.b2, form?.inner ?? activation, form?.gate);
    t = apply(tf.conv2d(t, project.kernel, 1, "valid"), project, "none");
    return residual ? (tf.add(t, x) as tf.Tensor4D) : t;
  });
}

function checkWeights(
  x: tf.Tensor4D,
  { expand, depthwise, project }: MBConvInferenceWeights,
  { residual, stride }: MBConvOptions,
): void {
  const inChannels = x.shape[3];
  const [height, width, middle] = depthwise.kernel.shape;
  const need = (holds: boolean, what: string, came: readonly number[]) => {
    if (!holds) throw new ShapeError(`mbconvInference: ${what}, but is [${came}] (x is [${x.shape}])`);
  };
  need(x.rank === 4, "x must be [batch, height, width, channels]", x.shape);
  need(height === width, "the depthwise kernel must be [size, size, middle, 1]", depthwise.kernel.shape);
  const { shape: first } = expand?.kernel ?? depthwise.kernel;
  need(first[2] === inChannels, `the first kernel must take x's ${inChannels} channels`, first);
  if (expand) need(first[3] === middle, `the expansion must give ${middle} channels`, first);
  need(project.kernel.shape[2] === middle, `the projection must take ${middle} channels`, project.kernel.shape);
  const outChannels = project.kernel.shape[3];
  need(!residual || (stride === 1 && inChannels === outChannels), `a residual needs ${inChannels} channels out`, [
    outChannels,
  ]);
  if (expand) checkConvNorm("mbconvInference", expand);
  checkConvNorm("mbconvInference", depthwise, middle);
  checkConvNorm("mbconvInference", project);
}

function checkConvNorm(op: string, layer: ConvNormInference, channels = layer.kernel.shape[3]): void {
  for (const name of ["gamma", "beta", "mean", "variance"] as const) {
    const { shape } = layer[name];
    if (shape.length !== 1 || shape[0] !== channels) {
      throw new ShapeError(
        `${op}: ${name} must be [${channels}] after a kernel [${layer.kernel.shape}], but is [${shape}]`,
        { kernel: layer.kernel.shape, [name]: shape },
      );
    }
  }
}
