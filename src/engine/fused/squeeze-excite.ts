import * as tf from "@tensorflow/tfjs";
import { activateComposed, hardSigmoid, isNative } from "./activate";
import { hasKernel, runKernels } from "./dispatch";
import type { ActivationKind, SqueezeExciteForm } from "./types";

/**
 * Squeeze-and-excitation: `x` `[batch, height, width, channels]` times a gate per image and channel,
 * gate(w2 · activation(w1 · mean of x over the image + b1) + b2) (Hu et al., CVPR 2018); the gate is a sigmoid unless given.
 *
 * `w1` is `[channels, reduced]`, `w2` `[reduced, channels]`.
 */
export function squeezeExcite(
  x: tf.Tensor4D,
  w1: tf.Tensor,
  b1: tf.Tensor,
  w2: tf.Tensor,
  b2: tf.Tensor,
  innerActivation: ActivationKind,
  gate: SqueezeExciteForm["gate"] = "sigmoid",
): tf.Tensor4D {
  if (gate === "sigmoid" && isNative(innerActivation) && hasKernel("FusedSqueezeExcite")) {
    // The pooled means are kept for the gradient; they are nobody else's business.
    const [y, pooled] = runKernels("FusedSqueezeExcite", { x, w1, b1, w2, b2 }, { activation: innerActivation });
    pooled.dispose();
    return y as tf.Tensor4D;
  }
  return squeezeExciteComposed(x, w1, b1, w2, b2, innerActivation, gate);
}

/** `squeezeExcite` of ordinary ops, for every backend. */
export function squeezeExciteComposed(
  x: tf.Tensor4D,
  w1: tf.Tensor,
  b1: tf.Tensor,
  w2: tf.Tensor,
  b2: tf.Tensor,
  innerActivation: ActivationKind,
  gate: SqueezeExciteForm["gate"] = "sigmoid",
): tf.Tensor4D {
  return tf.tidy(() => {
    const [batch, , , channels] = x.shape;
    const pooled = tf.mean(x, [1, 2]) as tf.Tensor2D;
    const reduced = activateComposed(tf.add(tf.matMul(pooled, w1 as tf.Tensor2D), b1), innerActivation);
    const wide = tf.add(tf.matMul(reduced as tf.Tensor2D, w2 as tf.Tensor2D), b2);
    const scale = gate === "sigmoid" ? tf.sigmoid(wide) : hardSigmoid(wide);
    return tf.mul(x, tf.reshape(scale, [batch, 1, 1, channels])) as tf.Tensor4D;
  });
}
