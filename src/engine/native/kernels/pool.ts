import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";
import { type Pool2DAttributes, type Pool3DAttributes, pool2DWindows, pool3DWindows } from "./windows";

type X = { x: tf.TensorInfo };
type Gradient = { dy: tf.TensorInfo; input: tf.TensorInfo };

function pool2D(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, Pool2DAttributes>) =>
      native.run(name, native.handle(x), ...pool2DWindows(x.shape, attrs)),
  };
}

function pool2DGradient(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs: { dy, input }, attrs }: KernelCall<Gradient, Pool2DAttributes>) =>
      native.run(name, native.handle(dy), native.handle(input), ...pool2DWindows(input.shape, attrs)),
  };
}

function pool3D(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, Pool3DAttributes>) =>
      native.run(name, native.handle(x), ...pool3DWindows(x.shape, attrs)),
  };
}

function pool3DGradient(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs: { dy, input }, attrs }: KernelCall<Gradient, Pool3DAttributes>) =>
      native.run(name, native.handle(dy), native.handle(input), ...pool3DWindows(input.shape, attrs)),
  };
}

/** Max and average pools, and their gradients. */
export const poolKernels: NativeKernel[] = [
  ...[tf.AvgPool, tf.MaxPool].map(pool2D),
  ...[tf.AvgPoolGrad, tf.MaxPoolGrad].map(pool2DGradient),
  ...[tf.AvgPool3D, tf.MaxPool3D].map(pool3D),
  ...[tf.AvgPool3DGrad, tf.MaxPool3DGrad].map(pool3DGradient),
  {
    name: tf.MaxPoolWithArgmax,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.MaxPoolWithArgmaxAttrs>) =>
      native.runMany(
        "MaxPoolWithArgmax",
        native.handle(x),
        attrs.includeBatchInIndex,
        ...pool2DWindows(x.shape, attrs),
      ),
  },
];
