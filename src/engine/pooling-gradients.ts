import * as tf from "@tensorflow/tfjs";

/** Engines whose gradient of average pooling divides by the window's size at the edge too, where the mean has fewer values. */
const WRONG_AT_EDGES: ReadonlySet<string> = new Set(["cpu", "webgl"]);

/**
 * Makes average pooling's gradient the derivative of its values at padded edges. There TensorFlow.js' own engines take the mean
 * of the values that are, but its gradient divides by the whole window; what comes back is scaled beforehand by window / values.
 */
export function registerPoolingGradients(): void {
  const own = tf.getGradient(tf.AvgPool)?.gradFunc;
  if (!own) return;
  tf.registerGradient({
    kernelName: tf.AvgPool,
    inputsToSave: ["x"],
    gradFunc: (dy, saved, attrs) => {
      if (!WRONG_AT_EDGES.has(tf.getBackend())) return own(dy, saved, attrs);
      return own(
        tf.mul(dy as tf.Tensor, windowShares(saved[0].shape, attrs as unknown as tf.AvgPoolAttrs)),
        saved,
        attrs,
      );
    },
  });
}

/** Size of a window over how many of its places lie within the map, `[1, height, width, 1]`. */
function windowShares([, height, width]: readonly number[], attrs: tf.AvgPoolAttrs): tf.Tensor4D {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  const [rows, columns] = typeof filterSize === "number" ? [filterSize, filterSize] : filterSize;
  return tf.tidy(() => {
    const window = tf.ones([rows, columns, 1, 1]) as tf.Tensor4D;
    const map = tf.ones([1, height, width, 1]) as tf.Tensor4D;
    return tf.div(rows * columns, tf.conv2d(map, window, strides, pad, "NHWC", 1, dimRoundingMode)) as tf.Tensor4D;
  });
}
