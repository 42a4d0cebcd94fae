import type { Rng } from "../core";
import { tf } from "../engine";

/** Drops values of `[batch, features]` with probability `rate` and scales the others by 1 / (1 - rate). */
export function dropout(x: tf.Tensor2D, rate: number, rng: Rng): tf.Tensor2D {
  return tf.mul(x, mask(x.size, rate, rng).reshape(x.shape)) as tf.Tensor2D;
}

/** Drops whole samples of a residual branch `[batch, height, width, channels]` (stochastic depth), scaled likewise. */
export function dropConnect(x: tf.Tensor4D, rate: number, rng: Rng): tf.Tensor4D {
  return tf.mul(x, mask(x.shape[0], rate, rng).reshape([x.shape[0], 1, 1, 1]));
}

function mask(size: number, rate: number, rng: Rng): tf.Tensor1D {
  const kept = 1 / (1 - rate);
  return tf.tensor1d(Float32Array.from({ length: size }, () => (rng.uniform() < rate ? 0 : kept)));
}
