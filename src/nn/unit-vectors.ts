import { tf } from "../engine";

/** Below it a vector has no direction, and stays as short as it is. */
const LEAST_SQUARE = 1e-12;

/** Vectors `[count, features]` divided by their length; with `axis` 0 the columns are the vectors. */
export function unitVectors(vectors: tf.Tensor2D, axis: 0 | 1 = 1): tf.Tensor2D {
  return tf.tidy(() => {
    const square = tf.maximum(tf.sum(tf.square(vectors), axis, true), LEAST_SQUARE);
    return tf.mul(vectors, tf.rsqrt(square)) as tf.Tensor2D;
  });
}
