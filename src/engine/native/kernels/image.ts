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

/** Resizing and cropping of images. */
export const imageKernels: NativeKernel[] = [
  ...[tf.ResizeBilinear, tf.ResizeNearestNeighbor].map(resize),
  ...[tf.ResizeBilinearGrad, tf.ResizeNearestNeighborGrad].map(resizeGradient),
  {
    name: tf.CropAndResize,
    compute: ({
      native,
      inputs: { image, boxes, boxInd },
      attrs,
    }: KernelCall<{ image: tf.TensorInfo; boxes: tf.TensorInfo; boxInd: tf.TensorInfo }, tf.CropAndResizeAttrs>) => {
      const handles = [image, boxes, boxInd].map((info) => native.handle(info));
      return native.run(
        "CropAndResize",
        ...handles,
        attrs.cropSize,
        attrs.method === "bilinear",
        attrs.extrapolationValue,
      );
    },
  },
];
