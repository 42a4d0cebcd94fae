import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

type X = { x: tf.TensorInfo };

/** Reductions over `axis`; kept axes have size 1 where `keepDims`. */
function reduction(name: string): NativeKernel {
  return {
    name,
    // tfjs names the axes of Max otherwise than those of its sisters.
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.SumAttrs & Partial<tf.MaxAttrs>>) => {
      const axes = tf.util.parseAxisParam(attrs.reductionIndices ?? attrs.axis, x.shape);
      return native.run(name, native.handle(x), axes, attrs.keepDims);
    },
  };
}

function positionOf(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.ArgMaxAttrs>) =>
      native.run(name, native.handle(x), tf.util.parseAxisParam(attrs.axis, x.shape)[0]),
  };
}

function cumulation(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.CumsumAttrs>) =>
      native.run(
        name,
        native.handle(x),
        tf.util.parseAxisParam(attrs.axis, x.shape)[0],
        attrs.exclusive,
        attrs.reverse,
      ),
  };
}

/** Reductions, softmax, cumulations, the largest k. */
export const reduceKernels: NativeKernel[] = [
  ...[tf.Sum, tf.Mean, tf.Max, tf.Min, tf.Prod, tf.All, tf.Any].map(reduction),
  ...[tf.ArgMax, tf.ArgMin].map(positionOf),
  ...[tf.Cumsum, tf.Cumprod].map(cumulation),
  {
    name: tf.Softmax,
    compute: ({ native, inputs: { logits }, attrs }: KernelCall<{ logits: tf.TensorInfo }, tf.SoftmaxAttrs>) =>
      native.run("Softmax", native.handle(logits), attrs.dim < 0 ? attrs.dim + logits.shape.length : attrs.dim),
  },
  {
    name: tf.LogSoftmax,
    compute: ({ native, inputs, attrs }: KernelCall<{ logits: tf.TensorInfo }, tf.LogSoftmaxAttrs>) =>
      native.run("LogSoftmax", native.handle(inputs.logits), attrs.axis),
  },
  {
    name: tf.TopK,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.TopKAttrs>) =>
      native.runMany("TopK", native.handle(inputs.x), attrs.k),
  },
];
