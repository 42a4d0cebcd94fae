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
  if (!hasKernel("FusedSoftmaxCrossEntropy")) return softmaxCrossEntropyComposed(logits, labels, { smoothing });
  return recording() ? withGradient(logits, labels, smoothing) : native(logits, labels, smoothing, false)[0];
}

/** Loss, and its gradient or an empty tensor, by one native kernel. */
function native(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing: number, gradientToo: boolean) {
  const outputs = runKernels("FusedSoftmaxCrossEntropy", { logits, labels }, { smoothing, gradientToo });
  if (!gradientToo) outputs[1].dispose();
  return outputs as [tf.Scalar, tf.Tensor2D];
}

/**
 * The gradient comes from the same pass over the logits. A custom gradient rather than a registered one: the gradient is then no
 * output on the tape, which would be given a gradient of zeros, as large as the logits.
 */
function withGradient(logits: tf.Tensor2D, labels: tf.Tensor1D, smoothing: number): tf.Scalar {
  const op = tf.customGrad((x, save) => {
    const [loss, gradient] = native(x as tf.Tensor2D, labels, smoothing, true);
    (save as tf.GradSaveFunc)([gradient]);
    return {
      value: loss,
      gradFunc: (dLoss: tf.Tensor, [gradient]: tf.Tensor[]) =>
        runKernel("FusedSoftmaxCrossEntropyGrad", { gradient, dLoss }, {}),
    };
  });
  return op(logits) as tf.Scalar;
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

/** How far a tensor is from another. */
export interface ErrorsOf {
  /** Mean of the absolute difference over all elements. */
  readonly absolute: tf.Scalar;
  /** `[channels]`: mean of the squared difference of each channel, the last axis. */
  readonly squared: tf.Tensor1D;
}

/**
 * Mean absolute error, and mean squared error of each channel, of `y` and `target` (one shape, rank 1 or more), in one pass;
 * without gradients.
 * @throws ShapeError if the shapes differ, or are those of scalars; EngineError natively if they are empty or not float32.
 */
export function errorsOf(y: tf.Tensor, target: tf.Tensor): ErrorsOf {
  if (y.rank === 0 || !tf.util.arraysEqual(y.shape, target.shape)) {
    throw new ShapeError(
      `errorsOf: y and target must have one shape of rank 1 or more, but are [${y.shape}] and [${target.shape}]`,
    );
  }
  if (!hasKernel("FusedErrors")) return errorsOfComposed(y, target);
  const [absolute, squared] = runKernels("FusedErrors", { y, target }, {});
  return { absolute: absolute as tf.Scalar, squared: squared as tf.Tensor1D };
}

/** `errorsOf` of ordinary ops, for every backend. */
export function errorsOfComposed(y: tf.Tensor, target: tf.Tensor): ErrorsOf {
  const [absolute, squared] = tf.tidy(() => {
    const difference = tf.sub(y, target);
    const others = Array.from({ length: y.rank - 1 }, (_, axis) => axis);
    return [tf.mean(tf.abs(difference)), tf.mean(tf.square(difference), others)];
  });
  return { absolute: absolute as tf.Scalar, squared: squared as tf.Tensor1D };
}
