import { ConfigError } from "../core";
import { classCounts, type Split } from "../data";
import { tf } from "../engine";
import type { ClassWeights } from "./training-options";

/**
 * A number a class: those given, or `images / (classes * images of the class)`, the larger the rarer; 0 of a class that has no
 * image.
 * @throws ConfigError unless there is one for each class, and one above 0.
 */
export function weightsOfClasses(
  given: ClassWeights,
  { labels }: Pick<Split, "labels">,
  classes: readonly string[],
  where: string,
): Float32Array {
  if (given === "balanced") {
    const counts = classCounts(labels, classes.length);
    return Float32Array.from(counts, (count) => (count === 0 ? 0 : labels.length / (classes.length * count)));
  }
  checkClassWeights(given, classes.length, where);
  return Float32Array.from(given);
}

/** @throws ConfigError as {@link weightsOfClasses}. */
export function checkClassWeights(given: ClassWeights | undefined, classes: number, where: string): void {
  if (given === undefined || given === "balanced") return;
  if (given.length === classes && given.some((weight) => weight > 0)) return;
  const got = given.length === classes ? "only zeros" : String(given.length);
  throw new ConfigError(
    `${where}: classWeights must be one number for each of ${classes} classes, one of them above 0, got ${got}; "balanced" computes them`,
    { option: "classWeights", classes, got: given.length },
  );
}

/**
 * Cross-entropy in which classes count by their weights: of the smoothed target, by the sum of the labels' weights, as PyTorch's
 * `cross_entropy(weight=..., label_smoothing=...)`. A batch whose labels all have weight 0 has loss 0.
 * @param logits `[batch, classes]`
 * @param labels int32 `[batch]`
 * @param weights `[classes]`
 */
export function weightedCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  weights: tf.Tensor1D,
  { smoothing }: { smoothing: number },
): tf.Scalar {
  return tf.tidy(() => {
    const classes = logits.shape[1];
    const target = tf.oneHot(labels, classes, 1 - smoothing + smoothing / classes, smoothing / classes, "float32");
    const lost = tf.neg(tf.sum(tf.mul(tf.mul(target, weights), tf.logSoftmax(logits))));
    const total = tf.sum(tf.gather(weights, labels)).dataSync()[0];
    return tf.mul(lost, total > 0 ? 1 / total : 0) as tf.Scalar;
  });
}
