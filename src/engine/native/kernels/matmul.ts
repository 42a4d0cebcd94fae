import { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

/** Matrix products. */
export const matmulKernels: NativeKernel[] = [
  {
    name: tf.BatchMatMul,
    compute: ({ native, inputs, attrs }: KernelCall<{ a: tf.TensorInfo; b: tf.TensorInfo }, tf.BatchMatMulAttrs>) =>
      native.run("BatchMatMul", native.handle(inputs.a), native.handle(inputs.b), attrs.transposeA, attrs.transposeB),
  },
  {
    name: tf._FusedMatMul,
    compute: ({ native, inputs, attrs }: KernelCall<tf._FusedMatMulInputs, tf._FusedMatMulAttrs>) =>
      native.run(
        "_FusedMatMul",
        native.handle(inputs.a),
        native.handle(inputs.b),
        attrs.transposeA,
        attrs.transposeB,
        native.optionalHandle(inputs.bias),
        native.optionalHandle(inputs.preluActivationWeights),
        attrs.activation ?? "linear",
        attrs.leakyreluAlpha ?? 0,
      ),
  },
  {
    name: tf.Einsum,
    compute: ({ native, inputs, attrs }: KernelCall<tf.TensorInfo[], tf.EinsumAttrs>) =>
      native.run(
        "Einsum",
        inputs.map((x) => native.handle(x)),
        attrs.equation,
      ),
  },
];
