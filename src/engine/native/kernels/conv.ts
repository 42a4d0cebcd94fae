import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";
import { conv2DWindows, conv3DWindows } from "./windows";

type XFilter = { x: tf.TensorInfo; filter: tf.TensorInfo };
type XDy = { x: tf.TensorInfo; dy: tf.TensorInfo };
type DyFilter = { dy: tf.TensorInfo; filter: tf.TensorInfo };

/** A convolution with bias and activation; in a depthwise one each channel has filters of its own. */
export function fusedConvolution(name: string, depthwise: boolean): NativeKernel {
  return {
    name,
    compute: ({ native, inputs, attrs }: KernelCall<tf.FusedConv2DInputs, tf.FusedConv2DAttrs>) =>
      native.run(
        name,
        native.handle(inputs.x),
        native.handle(inputs.filter),
        native.optionalHandle(inputs.bias),
        native.optionalHandle(inputs.preluActivationWeights),
        attrs.activation ?? "linear",
        attrs.leakyreluAlpha ?? 0,
        ...conv2DWindows(inputs.x.shape, inputs.filter.shape, attrs, depthwise),
      ),
  };
}

/** Convolutions and their gradients. */
export const convKernels: NativeKernel[] = [
  {
    name: tf.Conv2D,
    compute: ({ native, inputs: { x, filter }, attrs }: KernelCall<XFilter, tf.Conv2DAttrs>) =>
      native.run("Conv2D", native.handle(x), native.handle(filter), ...conv2DWindows(x.shape, filter.shape, attrs)),
  },
  {
    name: tf.Conv2DBackpropFilter,
    compute: ({ native, inputs: { x, dy }, attrs }: KernelCall<XDy, tf.Conv2DBackpropFilterAttrs>) => {
      const windows = conv2DWindows(x.shape, attrs.filterShape, attrs);
      return native.run("Conv2DBackpropFilter", native.handle(x), native.handle(dy), attrs.filterShape, ...windows);
    },
  },
  {
    name: tf.Conv2DBackpropInput,
    compute: ({ native, inputs: { dy, filter }, attrs }: KernelCall<DyFilter, tf.Conv2DBackpropInputAttrs>) => {
      const windows = conv2DWindows(attrs.inputShape, filter.shape, attrs);
      return native.run("Conv2DBackpropInput", native.handle(dy), native.handle(filter), attrs.inputShape, ...windows);
    },
  },
  fusedConvolution(tf.FusedConv2D, false),
  {
    name: tf.Conv3D,
    compute: ({ native, inputs: { x, filter }, attrs }: KernelCall<XFilter, tf.Conv3DAttrs>) =>
      native.run("Conv3D", native.handle(x), native.handle(filter), ...conv3DWindows(x.shape, filter.shape, attrs)),
  },
  {
    name: tf.Conv3DBackpropFilterV2,
    compute: ({ native, inputs: { x, dy }, attrs }: KernelCall<XDy, tf.Conv3DBackpropFilterV2Attrs>) => {
      const windows = conv3DWindows(x.shape, attrs.filterShape, attrs);
      return native.run("Conv3DBackpropFilterV2", native.handle(x), native.handle(dy), attrs.filterShape, ...windows);
    },
  },
  {
    name: tf.Conv3DBackpropInputV2,
    compute: ({ native, inputs: { dy, filter }, attrs }: KernelCall<DyFilter, tf.Conv3DBackpropInputV2Attrs>) => {
      const windows = conv3DWindows(attrs.inputShape, filter.shape, attrs);
      return native.run(
        "Conv3DBackpropInputV2",
        native.handle(dy),
        native.handle(filter),
        attrs.inputShape,
        ...windows,
      );
    },
  },
];
