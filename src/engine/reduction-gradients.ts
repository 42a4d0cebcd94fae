import * as tf from "@tensorflow/tfjs";

/**
 * Gradients of sum and mean as TensorFlow.js has them, but for the map of ones that it multiplies by: it makes that in
 * JavaScript, value by value, and copies it to the engine, 8 MB a step for the global pooling of a small network. The engine
 * fills it here.
 */
export function registerReductionGradients(): void {
  for (const kernelName of [tf.Sum, tf.Mean]) {
    tf.registerGradient({
      kernelName,
      inputsToSave: ["x"],
      gradFunc: (dy, [x], attrs) => {
        const axes = tf.util.parseAxisParam((attrs as unknown as tf.SumAttrs).axis, x.shape);
        const values = axes.reduce((size, axis) => size * x.shape[axis], 1);
        const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
        return {
          x: () => {
            const each = tf.reshape(dy as tf.Tensor, kept);
            return tf.mul(kernelName === tf.Mean ? tf.div(each, values) : each, tf.fill(x.shape, 1, "float32"));
          },
        };
      },
    });
  }
}
