import { tf } from "../../tf";
import { fusedConvolution } from "./conv";
import type { KernelCall, NativeKernel } from "./kernel";
import { conv2DWindows } from "./windows";

/** Depthwise convolutions and their gradients. */
export const depthwiseKernels: NativeKernel[] = [
  {
    name: tf.DepthwiseConv2dNative,
    compute: ({
      native,
      inputs: { x, filter },
      attrs,
    }: KernelCall<{ x: tf.TensorInfo; filter: tf.TensorInfo }, tf.DepthwiseConv2dNativeAttrs>) => {
      const windows = conv2DWindows(x.shape, filter.shape, attrs, true);
      return native.run("DepthwiseConv2dNative", native.handle(x), native.handle(filter), ...windows);
    },
  },
  {
    name: tf.DepthwiseConv2dNativeBackpropFilter,
    compute: ({
      native,
      inputs: { x, dy },
      attrs,
    }: KernelCall<{ x: tf.TensorInfo; dy: tf.TensorInfo }, tf.DepthwiseConv2dNativeBackpropFilterAttrs>) =>
      native.run(
        "DepthwiseConv2dNativeBackpropFilter",
        native.handle(x),
        native.handle(dy),
        attrs.filterShape,
        ...conv2DWindows(x.shape, attrs.filterShape, attrs, true),
      ),
  },
  {
    name: tf.DepthwiseConv2dNativeBackpropInput,
    compute: ({
      native,
      inputs: { dy, filter },
      attrs,
    }: KernelCall<{ dy: tf.TensorInfo; filter: tf.TensorInfo }, tf.DepthwiseConv2dNativeBackpropInputAttrs>) =>
      native.run(
        "DepthwiseConv2dNativeBackpropInput",
        native.handle(dy),
        native.handle(filter),
        attrs.inputShape,
        ...conv2DWindows(attrs.inputShape, filter.shape, attrs, true),
      ),
  },
  fusedConvolution(tf.FusedDepthwiseConv2D, true),
];
