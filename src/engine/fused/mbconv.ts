import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../core/errors";
import { isNative } from "./activate";
import { batchNormTraining, batchNormTrainingComposed } from "./batch-norm";
import { hasKernel } from "./dispatch";
import { mbconvNative } from "./mbconv-native";
import { squeezeExcite, squeezeExciteComposed } from "./squeeze-excite";
import type { MBConvOptions, MBConvOutput, MBConvWeights } from "./types";

/**
 * An inverted residual block in training mode (Sandler et al., CVPR 2018; with SE: Tan et al., CVPR 2019).
 *
 * expand 1x1, batch norm, activation; depthwise, batch norm, activation; squeeze-excite; project 1x1, batch norm;
 * plus `x`. `x` is `[batch, height, width, inChannels]`, `y` `[batch, outHeight, outWidth, outChannels]`; the
 * statistics are those of the batch, without gradient.
 * @throws ShapeError if weights do not fit each other or `x`, or a residual is asked for where shapes change.
 */
export function mbconvTraining(x: tf.Tensor4D, weights: MBConvWeights, options: MBConvOptions): MBConvOutput {
  checkMBConv(x, weights, options);
  const native = isNative(options.activation) && !options.squeezeExcite;
  if (native && hasKernel("MBConvTraining")) return asOutput(mbconvNative(x, weights, options));
  return mbconvOf(x, weights, options, batchNormTraining, squeezeExcite);
}

/** `mbconvTraining` of ordinary ops, for every backend. */
export function mbconvTrainingComposed(x: tf.Tensor4D, weights: MBConvWeights, options: MBConvOptions): MBConvOutput {
  checkMBConv(x, weights, options);
  return mbconvOf(x, weights, options, batchNormTrainingComposed, squeezeExciteComposed);
}

function mbconvOf(
  x: tf.Tensor4D,
  { expand, depthwise, se, project }: MBConvWeights,
  { stride, padding, epsilon, activation, squeezeExcite: form, residual }: MBConvOptions,
  norm: typeof batchNormTraining,
  gate: typeof squeezeExcite,
): MBConvOutput {
  const kept: tf.Tensor[] = tf.tidy(() => {
    const statistics: tf.Tensor[] = [];
    const conv = (input: tf.Tensor4D, kernel: tf.Tensor4D) => tf.conv2d(input, kernel, 1, "valid");
    let t = x;
    if (expand) {
      const out = norm(conv(t, expand.kernel), expand.gamma, expand.beta, { epsilon, activation });
      statistics.push(out.mean, out.variance);
      t = out.y;
    }
    const spread = tf.depthwiseConv2d(t, depthwise.kernel, stride, padding);
    const middle = norm(spread, depthwise.gamma, depthwise.beta, { epsilon, activation });
    t = middle.y;
    if (se) t = gate(t, se.w1, se.b1, se.w2, se.b2, form?.inner ?? activation, form?.gate);
    const last = norm(conv(t, project.kernel), project.gamma, project.beta, { epsilon, activation: "none" });
    const y = residual ? tf.add(last.y, x) : last.y;
    return [y, middle.mean, middle.variance, last.mean, last.variance, ...statistics];
  });
  return asOutput(kept);
}

/** Tensors in the order y, depthwise mean, variance, project mean, variance, and the expansion's if there is one. */
export function asOutput(tensors: readonly tf.Tensor[]): MBConvOutput {
  const [y, ...s] = tensors as [tf.Tensor4D, ...tf.Tensor1D[]];
  const pair = (i: number) => ({ mean: s[i], variance: s[i + 1] });
  const stats = { depthwise: pair(0), project: pair(2) };
  return { y, stats: s.length > 4 ? { expand: pair(4), ...stats } : stats };
}

function checkMBConv(x: tf.Tensor4D, { expand, depthwise, se, project }: MBConvWeights, options: MBConvOptions): void {
  const inChannels = x.shape[3];
  const [height, width, middle, multiplier] = depthwise.kernel.shape;
  const outChannels = project.kernel.shape[3];
  const need = (holds: boolean, what: string, came: tf.Tensor) => {
    if (!holds) throw new ShapeError(`mbconvTraining: ${what}, but is [${came.shape}] (x is [${x.shape}])`);
  };
  need(x.rank === 4, "x must be [batch, height, width, channels]", x);
  need(height === width && multiplier === 1, "the depthwise kernel must be [size, size, middle, 1]", depthwise.kernel);
  const expected = expand ? [1, 1, inChannels, middle] : [];
  if (expand) {
    need(tf.util.arraysEqual(expand.kernel.shape, expected), `the expansion must be [${expected}]`, expand.kernel);
  } else {
    need(middle === inChannels, `the depthwise kernel must have x's ${inChannels} channels`, depthwise.kernel);
  }
  const projection = [1, 1, middle, outChannels];
  need(tf.util.arraysEqual(project.kernel.shape, projection), `the projection must be [${projection}]`, project.kernel);
  for (const [part, channels] of [
    [expand, middle],
    [depthwise, middle],
    [project, outChannels],
  ] as const) {
    if (!part) continue;
    need(part.gamma.size === channels, `gamma must be [${channels}]`, part.gamma);
    need(part.beta.size === channels, `beta must be [${channels}]`, part.beta);
  }
  if (se) {
    const reduced = se.w1.shape[1] ?? 0;
    need(tf.util.arraysEqual(se.w1.shape, [middle, reduced]), `se.w1 must be [${middle}, reduced]`, se.w1);
    need(tf.util.arraysEqual(se.w2.shape, [reduced, middle]), `se.w2 must be [${reduced}, ${middle}]`, se.w2);
    need(se.b1.size === reduced, `se.b1 must be [${reduced}]`, se.b1);
    need(se.b2.size === middle, `se.b2 must be [${middle}]`, se.b2);
  }
  if (options.residual && (options.stride !== 1 || inChannels !== outChannels)) {
    throw new ShapeError(
      `mbconvTraining: a residual needs stride 1 and equal channels, but stride is ${options.stride} and channels go from ${inChannels} to ${outChannels}`,
    );
  }
}
