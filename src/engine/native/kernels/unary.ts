import { tf } from "../../tf";
import { type KernelCall, type NativeKernel, unary } from "./kernel";

type X = { x: tf.TensorInfo };

const PLAIN = [
  tf.Abs,
  tf.Acos,
  tf.Acosh,
  tf.Asin,
  tf.Asinh,
  tf.Atan,
  tf.Atanh,
  tf.Ceil,
  tf.Cos,
  tf.Cosh,
  tf.Elu,
  tf.Erf,
  tf.Exp,
  tf.Expm1,
  tf.Floor,
  tf.IsFinite,
  tf.IsInf,
  tf.IsNan,
  tf.Log,
  tf.Log1p,
  tf.LogicalNot,
  tf.Neg,
  tf.Reciprocal,
  tf.Relu,
  tf.Relu6,
  tf.Round,
  tf.Rsqrt,
  tf.Selu,
  tf.Sigmoid,
  tf.Sign,
  tf.Sin,
  tf.Sinh,
  tf.Softplus,
  tf.Sqrt,
  tf.Square,
  tf.Tan,
  tf.Tanh,
];

/** Elementwise kernels of one tensor. */
export const unaryKernels: NativeKernel[] = [
  ...PLAIN.map(unary),
  {
    name: tf.LeakyRelu,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.LeakyReluAttrs>) =>
      native.run("LeakyRelu", native.handle(inputs.x), attrs.alpha),
  },
  {
    name: tf.Step,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.StepAttrs>) =>
      native.run("Step", native.handle(inputs.x), attrs.alpha ?? 0),
  },
  {
    name: tf.ClipByValue,
    compute: ({ native, inputs, attrs }: KernelCall<X, tf.ClipByValueAttrs>) =>
      native.run("ClipByValue", native.handle(inputs.x), attrs.clipValueMin, attrs.clipValueMax),
  },
  {
    name: tf.Cast,
    anyDtype: true,
    compute: ({ native, inputs: { x }, attrs: { dtype } }: KernelCall<X, tf.CastAttrs>) => {
      if (dtype === x.dtype) return native.share(x);
      if (dtype === "complex64") {
        const imag = native.run("Fill", x.shape, 0, "float32");
        return native.makeComplex(native.run("Cast", native.handle(x), "float32"), imag);
      }
      const from = x.dtype === "complex64" ? native.partsOf(x).real : x;
      return native.run("Cast", native.handle(from), dtype);
    },
  },
];
