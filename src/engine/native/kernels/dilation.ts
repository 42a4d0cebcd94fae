import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";
import { dilationWindows } from "./windows";

type XFilter = { x: tf.TensorInfo; filter: tf.TensorInfo };

function gradient(name: string): NativeKernel {
  return {
    name,
    compute: ({
      native,
      inputs: { x, filter, dy },
      attrs,
    }: KernelCall<XFilter & { dy: tf.TensorInfo }, tf.Dilation2DAttrs>) => {
      const handles = [x, filter, dy].map((info) => native.handle(info));
      return native.run(name, ...handles, ...dilationWindows(x.shape, filter.shape, attrs));
    },
  };
}

/** Grey-scale morphological dilation and its gradients. */
export const dilationKernels: NativeKernel[] = [
  {
    name: tf.Dilation2D,
    compute: ({ native, inputs: { x, filter }, attrs }: KernelCall<XFilter, tf.Dilation2DAttrs>) =>
      native.run(
        "Dilation2D",
        native.handle(x),
        native.handle(filter),
        ...dilationWindows(x.shape, filter.shape, attrs),
      ),
  },
  gradient(tf.Dilation2DBackpropInput),
  gradient(tf.Dilation2DBackpropFilter),
];
