import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../core/errors";
import { activateComposed, isNative } from "./activate";
import { detach, hasKernel, runKernel, runKernels } from "./dispatch";
import type { ActivationKind, BatchStatistics } from "./types";

export interface BatchNormOptions {
  readonly epsilon: number;
  readonly activation: ActivationKind;
}

/**
 * Batch norm with the statistics of the batch, then an activation.
 *
 * `x` is `[..., channels]`, `gamma` and `beta` are `[channels]`. The statistics are the batch's mean and biased
 * variance; no gradient flows through what is returned of them (it does through `y`, as it must).
 * @throws ShapeError if `gamma` or `beta` do not have the channels of `x`.
 */
export function batchNormTraining<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  options: BatchNormOptions,
): { y: T } & BatchStatistics {
  checkChannels("batchNormTraining", x, { gamma, beta });
  if (!isNative(options.activation)) {
    const { y, ...statistics } = batchNormTraining(x, gamma, beta, { ...options, activation: "none" });
    return { y: activateComposed(y, options.activation), ...statistics };
  }
  if (hasKernel("FusedBatchNormTraining")) {
    const [y, mean, variance] = runKernels("FusedBatchNormTraining", { x, gamma, beta }, { ...options });
    return { y: y as T, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
  }
  return batchNormTrainingComposed(x, gamma, beta, options);
}

/** `batchNormTraining` of ordinary ops, for every backend. */
export function batchNormTrainingComposed<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  { epsilon, activation }: BatchNormOptions,
): { y: T } & BatchStatistics {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const [y, mean, variance] = tidyAll(() => {
    const moments = tf.moments(x, axes);
    const normal = affine(x, gamma, beta, moments.mean, moments.variance, epsilon);
    return [activateComposed(normal, activation), detach(moments.mean), detach(moments.variance)];
  });
  return { y: y as T, mean: mean as tf.Tensor1D, variance: variance as tf.Tensor1D };
}

/**
 * Batch norm with given statistics, then an activation: `x` `[..., channels]`, the rest `[channels]`.
 * @throws ShapeError if a vector does not have the channels of `x`.
 */
export function batchNormInference<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  options: BatchNormOptions,
): T {
  checkChannels("batchNormInference", x, { gamma, beta, mean, variance });
  if (!isNative(options.activation)) {
    const normal = batchNormInference(x, gamma, beta, mean, variance, { ...options, activation: "none" });
    const y = activateComposed(normal, options.activation);
    // On a tape it is kept as long as it is needed.
    normal.dispose();
    return y;
  }
  if (hasKernel("FusedBatchNormInference")) {
    return runKernel<T>("FusedBatchNormInference", { x, gamma, beta, mean, variance }, { ...options });
  }
  return batchNormInferenceComposed(x, gamma, beta, mean, variance, options);
}

/** `batchNormInference` of ordinary ops, for every backend. */
export function batchNormInferenceComposed<T extends tf.Tensor>(
  x: T,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  { epsilon, activation }: BatchNormOptions,
): T {
  return tf.tidy(() => activateComposed(affine(x, gamma, beta, mean, variance, epsilon) as T, activation));
}

function affine(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  epsilon: number,
): tf.Tensor {
  const scale = tf.mul(gamma, tf.rsqrt(tf.add(variance, epsilon)));
  return tf.add(tf.mul(tf.sub(x, mean), scale), beta);
}

function tidyAll(f: () => tf.Tensor[]): tf.Tensor[] {
  return tf.tidy(f);
}

function checkChannels(op: string, x: tf.Tensor, vectors: Record<string, tf.Tensor>): void {
  const channels = x.shape[x.rank - 1];
  for (const [name, vector] of Object.entries(vectors)) {
    if (vector.rank !== 1 || vector.shape[0] !== channels) {
      throw new ShapeError(
        `${op}: ${name} must be [${channels}], the channels of x [${x.shape}], but is [${vector.shape}]`,
        { x: x.shape, [name]: vector.shape },
      );
    }
  }
}
