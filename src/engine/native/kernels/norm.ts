import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

type X = { x: tf.TensorInfo };
type Statistics = X & { mean: tf.TensorInfo; variance: tf.TensorInfo; offset?: tf.TensorInfo; scale?: tf.TensorInfo };

/** Normalisation with given statistics, and local response normalisation. */
export const normKernels: NativeKernel[] = [
  {
    name: tf.FusedBatchNorm,
    compute: ({ native, inputs, attrs }: KernelCall<Statistics, tf.FusedBatchNormAttrs>) =>
      native.run(
        "FusedBatchNorm",
        native.handle(inputs.x),
        native.handle(inputs.mean),
        native.handle(inputs.variance),
        native.optionalHandle(inputs.offset),
        native.optionalHandle(inputs.scale),
        attrs.varianceEpsilon ?? 0.001,
      ),
  },
  {
    name: tf.LRN,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.LRNAttrs>) =>
      native.run("LRN", native.handle(inputs.x), attrs.depthRadius, attrs.bias, attrs.alpha, attrs.beta),
  },
  {
    name: tf.LRNGrad,
    compute: ({
      native,
      inputs: { x, y, dy },
      attrs,
    }: KernelCall<{ x: tf.TensorInfo; y: tf.TensorInfo; dy: tf.TensorInfo }, tf.LRNGradAttrs>) => {
      const handles = [x, y, dy].map((info) => native.handle(info));
      return native.run("LRNGrad", ...handles, attrs.depthRadius, attrs.bias, attrs.alpha, attrs.beta);
    },
  },
];
