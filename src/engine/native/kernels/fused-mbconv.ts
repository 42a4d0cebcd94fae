import type { tf } from "../../tf";
import { ACTIVATIONS } from "./fused-norm";
import type { KernelCall, NativeKernel } from "./kernel";

type Inputs = Record<string, tf.TensorInfo | undefined>;

/** The weights in the order of native/src/kernels/fused_mbconv.cc. */
export const MBCONV_WEIGHTS = [
  "w1",
  "gamma1",
  "beta1",
  "wd",
  "gamma2",
  "beta2",
  "se1",
  "seBias1",
  "se2",
  "seBias2",
  "w2",
  "gamma3",
  "beta3",
] as const;

/** What the forward pass gives beside `y`, in order: the statistics, then what only the gradient needs. */
export const MBCONV_KEPT = [
  "mean2",
  "variance2",
  "mean3",
  "variance3",
  "mean1",
  "variance1",
  "moments",
  "expanded",
  "spread",
  "projected",
  "pooled",
] as const;

export interface MBConvAttributes {
  stride: number;
  padTop: number;
  padLeft: number;
  outHeight: number;
  outWidth: number;
  activation: keyof typeof ACTIVATIONS;
  residual: boolean;
  epsilon: number;
  inputGradient: boolean;
}

/** The numbers of an MBConv in the order of the native kernels. */
export function numbersOf(a: MBConvAttributes): number[] {
  return [a.stride, a.padTop, a.padLeft, a.outHeight, a.outWidth, ACTIVATIONS[a.activation], a.residual ? 1 : 0];
}

/** A whole MBConv in training mode, and its gradient. */
export const fusedMBConvKernels: NativeKernel[] = [
  {
    name: "MBConvTraining",
    compute: ({ native, inputs, attrs }: KernelCall<Inputs, MBConvAttributes>) => {
      const weights = MBCONV_WEIGHTS.map((name) => native.optionalHandle(inputs[name]) ?? 0);
      const x = native.handle(inputs.x as tf.TensorInfo);
      return native.runMany("MBConvTraining", x, weights, numbersOf(attrs), attrs.epsilon);
    },
  },
  {
    name: "MBConvTrainingGrad",
    compute: ({ native, inputs, attrs }: KernelCall<Inputs, MBConvAttributes>) => {
      const weights = MBCONV_WEIGHTS.map((name) => native.optionalHandle(inputs[name]) ?? 0);
      const kept = MBCONV_KEPT.map((name) => native.handle(inputs[name] as tf.TensorInfo));
      const [x, dy] = [inputs.x, inputs.dy].map((info) => native.handle(info as tf.TensorInfo));
      const { epsilon, inputGradient } = attrs;
      return native.runMany("MBConvTrainingGrad", x, weights, numbersOf(attrs), epsilon, kept, dy, inputGradient);
    },
  },
];
