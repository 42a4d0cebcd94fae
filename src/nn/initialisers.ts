import type { Rng } from "../core";
import { tf } from "../engine";

/** Normal values of variance 2 / fan-out: `[kernel, kernel, in, out]`, as EfficientNet initialises its convolutions. */
export function convolutionKernel(shape: [number, number, number, number], rng: Rng): tf.Tensor4D {
  const [height, width, , outChannels] = shape;
  return normal(shape, Math.sqrt(2 / (height * width * outChannels)), rng) as tf.Tensor4D;
}

/** The same for a depthwise kernel `[kernel, kernel, channels, 1]`, whose fan-out is kernel x kernel. */
export function depthwiseKernel(kernelSize: number, channels: number, rng: Rng): tf.Tensor4D {
  return normal([kernelSize, kernelSize, channels, 1], Math.sqrt(2 / (kernelSize * kernelSize)), rng) as tf.Tensor4D;
}

/** The same for a depthwise kernel of any shape, `[height, width, channels, 1]`. */
export function rectangularDepthwiseKernel([height, width]: readonly [number, number], channels: number, rng: Rng) {
  return normal([height, width, channels, 1], Math.sqrt(2 / (height * width)), rng) as tf.Tensor4D;
}

/** Uniform values within 1 / sqrt(out) for a linear layer `[in, out]`. */
export function linearKernel(inFeatures: number, outFeatures: number, rng: Rng): tf.Tensor2D {
  const bound = 1 / Math.sqrt(outFeatures);
  return drawn([inFeatures, outFeatures], () => (2 * rng.uniform() - 1) * bound) as tf.Tensor2D;
}

function normal(shape: number[], deviation: number, rng: Rng): tf.Tensor {
  return drawn(shape, () => rng.normal() * deviation);
}

function drawn(shape: number[], draw: () => number): tf.Tensor {
  // A plain loop: Float32Array.from is much slower over a length and a function.
  const values = new Float32Array(shape.reduce((product, n) => product * n, 1));
  for (let i = 0; i < values.length; i++) values[i] = draw();
  return tf.tensor(values, shape);
}
