import * as tf from "@tensorflow/tfjs";
import { hasKernel, runKernel } from "./dispatch";
import type { Activation } from "./types";

/** The activation of every element of `x`, any shape. */
export function activate<T extends tf.Tensor>(x: T, activation: Activation): T {
  if (activation === "none") return x.clone() as T;
  if (hasKernel("FusedActivation")) return runKernel<T>("FusedActivation", { x }, { activation });
  return activateComposed(x, activation);
}

/** `activate` of ordinary ops, for every backend. */
export function activateComposed<T extends tf.Tensor>(x: T, activation: Activation): T {
  switch (activation) {
    case "none":
      return x.clone() as T;
    case "silu":
      return tf.tidy(() => tf.mul(x, tf.sigmoid(x)) as T);
    case "relu":
      return tf.relu(x) as T;
    case "relu6":
      return tf.relu6(x) as T;
  }
}
