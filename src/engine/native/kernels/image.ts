import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

function resize(name: string): NativeKernel {
  return {
    name,
    compute: ({ native, inputs, attrs }: KernelCall<{ images: tf.TensorInfo }, tf.ResizeBilinearAttrs>) =>
      native.run(name, native.handle(inputs.images), attrs.size, attrs.alignCorners, attrs.halfPixelCenters),
  };
}

function resizeGradient(name: string): NativeKernel {
  return {
    name,
    compute: ({
      native,
      inputs: { images, dy },
      attrs,
    }: KernelCall<{ images: tf.TensorInfo; dy: tf.TensorInfo }, tf.ResizeBilinearGradAttrs>) => {
      const size = dy.shape.slice(1, 3);
      return native.run(
        name,
        native.handle(images),
        native.handle(dy),
        size,
        attrs.alignCorners,
        attrs.halfPixelCenters,
      );
    },
  };
}

/** Resizing of images. */
export const imageKernels: NativeKernel[] = [
  ...[tf.ResizeBilinear, tf.ResizeNearestNeighbor].map(resize),
  ...[tf.ResizeBilinearGrad, tf.ResizeNearestNeighborGrad].map(resizeGradient),
];
