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
    compute: ({ native, inputs, attrs }: KernelCall<tf.TensorInfo[], tf.EinsumAttrs>) => {
      const { allDims, idDims, summedDims } = tf.backend_util.decodeEinsumEquation(attrs.equation, inputs.length);
      tf.backend_util.checkEinsumDimSizes(allDims.length, idDims, inputs as tf.Tensor[]);
      tf.backend_util.getEinsumComputePath(summedDims, idDims);
      const handles = inputs.map((x) => native.handle(x));
      return native.run("Einsum", handles, attrs.equation);
    },
  },
];
