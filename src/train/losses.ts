import { fused, tf } from "../engine";
import { unitVectors } from "../nn";

/** One part of a loss, and what it is multiplied by: a share of the whole, 0..1, or any weight. */
export interface LossPart {
  readonly loss: tf.Scalar;
  readonly share: number;
}

/** The sum of all parts, each multiplied by its share. */
export function mixedLoss(parts: readonly LossPart[]): tf.Scalar {
  return parts.map(({ loss, share }) => tf.mul(loss, share)).reduce((sum, part) => tf.add(sum, part)) as tf.Scalar;
}

/**
 * Cross-entropy in nats with softened answers (Hinton, Vinyals and Dean, arXiv 1503.02531), times T^2: gradients keep their
 * size whatever the temperature.
 * @param logits `[batch, classes]`
 * @param target What {@link softened} made of the other network's logits, `[batch, classes]`.
 */
export function softTargetLoss(logits: tf.Tensor2D, target: tf.Tensor2D, temperature: number): tf.Scalar {
  const log = tf.logSoftmax(tf.div(logits, temperature));
  return tf.mul(tf.mean(tf.sum(tf.mul(target, log), 1)), -(temperature ** 2)) as tf.Scalar;
}

/** Probabilities `[batch, classes]` of logits divided by a temperature. */
export function softened(logits: tf.Tensor2D, temperature: number): tf.Tensor2D {
  return tf.softmax(tf.div(logits, temperature)) as tf.Tensor2D;
}

/**
 * Mean squared difference, a component, of embeddings that are brought to length 1 (PocketNet's distillation); with cosine c of the
 * two it is 2 (1 - c) / features.
 * @param embeddings `[batch, features]`, of any length.
 * @param target Another network's, `[batch, features]`, of any length.
 */
export function embeddingDistance(embeddings: tf.Tensor2D, target: tf.Tensor2D): tf.Scalar {
  return tf.tidy(() => fused.meanSquaredError(unitVectors(embeddings), unitVectors(target)));
}
