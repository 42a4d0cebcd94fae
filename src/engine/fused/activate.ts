import * as tf from "@tensorflow/tfjs";
import { hasKernel, runKernel } from "./dispatch";
import type { ActivationKind } from "./types";

/** Whether the native kernels know an activation; where they do not, ordinary ops follow one that has none. */
export function isNative(activation: ActivationKind): boolean {
  return activation !== "hardswish";
}

/** The activation of every element of `x`, any shape. */
export function activate<T extends tf.Tensor>(x: T, activation: ActivationKind): T {
  if (activation === "none") return x.clone() as T;
  if (isNative(activation) && hasKernel("FusedActivation"))
    return runKernel<T>("FusedActivation", { x }, { activation });
  return activateComposed(x, activation);
}

/** `activate` of ordinary ops, for every backend. */
export function activateComposed<T extends tf.Tensor>(x: T, activation: ActivationKind): T {
  switch (activation) {
    case "none":
      return x.clone() as T;
    case "silu":
      return tf.tidy(() => tf.mul(x, tf.sigmoid(x)) as T);
    case "relu":
      return tf.relu(x) as T;
    case "relu6":
      return tf.relu6(x) as T;
    case "hardswish":
      return tf.tidy(() => tf.mul(x, hardSigmoid(x)) as T);
  }
}

/** `min(max(x + 3, 0), 6) / 6` (Howard et al., ICCV 2019, section 5.2), any shape. */
export function hardSigmoid<T extends tf.Tensor>(x: T): T {
  return tf.tidy(() => tf.mul(tf.relu6(tf.add(x, 3)), 1 / 6) as T);
}
