import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../core/errors";
import { hasKernel, recording, runKernel, runKernels } from "./dispatch";

/**
 * Softmax cross-entropy, mean over the batch: `logits` `[batch, classes]`, `labels` int32 `[batch]`.
 *
 * `smoothing` s spreads s over all classes evenly: the target is (1 - s) one-hot + s / classes.
 * @throws ShapeError if the batches differ.
 */
export function softmaxCrossEntropy(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  { smoothing }: { smoothing: number },
): tf.Scalar {
  if (logits.rank !== 2 || labels.rank !== 1 || logits.shape[0] !== labels.shape[0]) {
    throw new ShapeError(
      `softmaxCrossEntropy: logits must be [batch, classes] and labels [batch], but are [${logits.shape}] and [${labels.shape}]`,
    );
  }
  if (hasKernel("FusedSoftmaxCrossEntropy")) {
    // The gradient comes from the same pass over the logits; nobody but the tape sees it.
    const attributes = { smoothing, gradientToo: recording() };
    const [loss, gradient] = runKernels("FusedSoftmaxCrossEntropy", { logits, labels }, attributes);
    gradient.dispose();
    return loss as tf.Scalar;
  }
  return softmaxCrossEntropyComposed(logits, labels, { smoothing });
}

/** `softmaxCrossEntropy` of ordinary ops, for every backend. */
export function softmaxCrossEntropyComposed(
  logits: tf.Tensor2D,
  labels: tf.Tensor1D,
  { smoothing }: { smoothing: number },
): tf.Scalar {
  return tf.tidy(() => {
    const classes = logits.shape[1];
    // Without "float32" a smoothed target is cut to whole numbers.
    const target = tf.oneHot(labels, classes, 1 - smoothing + smoothing / classes, smoothing / classes, "float32");
    return tf.neg(tf.mean(tf.sum(tf.mul(target, tf.logSoftmax(logits)), 1))) as tf.Scalar;
  });
}

/**
 * Mean of the squared difference over all elements of `y` and `target` (one shape, any rank).
 * @throws ShapeError if the shapes differ.
 */
export function meanSquaredError(y: tf.Tensor, target: tf.Tensor): tf.Scalar {
  if (!tf.util.arraysEqual(y.shape, target.shape)) {
    throw new ShapeError(
      `meanSquaredError: y and target must have one shape, but are [${y.shape}] and [${target.shape}]`,
    );
  }
  if (hasKernel("FusedMeanSquaredError")) return runKernel("FusedMeanSquaredError", { y, target }, {});
  return meanSquaredErrorComposed(y, target);
}

/** `meanSquaredError` of ordinary ops, for every backend. */
export function meanSquaredErrorComposed(y: tf.Tensor, target: tf.Tensor): tf.Scalar {
  return tf.tidy(() => tf.mean(tf.square(tf.sub(y, target))) as tf.Scalar);
}
