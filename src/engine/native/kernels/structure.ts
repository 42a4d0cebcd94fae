import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

type X = { x: tf.TensorInfo };

/** Kernels that only rename data: they share it and count one more reference. */
export const structureKernels: NativeKernel[] = [
  { name: tf.Identity, anyDtype: true, compute: ({ native, inputs }: KernelCall<X>) => native.share(inputs.x) },
  {
    name: tf.Reshape,
    anyDtype: true,
    compute: ({ native, inputs: { x }, attrs }: KernelCall<X, tf.ReshapeAttrs>) => {
      const size = tf.util.sizeFromShape(x.shape);
      const shape = tf.util.inferFromImplicitShape(attrs.shape, size);
      tf.util.assert(
        size === tf.util.sizeFromShape(shape),
        () =>
          `The new shape [${shape}] has ${tf.util.sizeFromShape(shape)} elements, the old shape [${x.shape}] ${size}.`,
      );
      return native.share(x, shape);
    },
  },
  {
    name: tf.ExpandDims,
    anyDtype: true,
    compute: ({ native, inputs: { input }, attrs }: KernelCall<{ input: tf.TensorInfo }, tf.ExpandDimsAttrs>) => {
      const rank = input.shape.length;
      tf.util.assert(-(rank + 1) <= attrs.dim, () => `dim must be in [${-(rank + 1)}, ${rank}], got ${attrs.dim}`);
      const at = attrs.dim < 0 ? rank + attrs.dim + 1 : attrs.dim;
      return native.share(input, [...input.shape.slice(0, at), 1, ...input.shape.slice(at)]);
    },
  },
  {
    name: tf.Complex,
    compute: ({ native, inputs: { real, imag } }: KernelCall<{ real: tf.TensorInfo; imag: tf.TensorInfo }>) =>
      native.makeComplex(native.share(real), native.share(imag)),
  },
  {
    name: tf.Real,
    anyDtype: true,
    compute: ({ native, inputs: { input } }: KernelCall<{ input: tf.TensorInfo }>) =>
      native.share(input.dtype === "complex64" ? native.partsOf(input).real : input),
  },
  {
    name: tf.Imag,
    anyDtype: true,
    compute: ({ native, inputs: { input } }: KernelCall<{ input: tf.TensorInfo }>) =>
      input.dtype === "complex64"
        ? native.share(native.partsOf(input).imag)
        : native.run("Fill", input.shape, 0, "float32"),
  },
];
