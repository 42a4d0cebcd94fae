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
  /** Whether to give what the gradient needs. */
  keep: boolean;
}

/** The numbers of an MBConv in the order of the native kernels. */
export function numbersOf(a: MBConvAttributes): number[] {
  return [a.stride, a.padTop, a.padLeft, a.outHeight, a.outWidth, ACTIVATIONS[a.activation], a.residual ? 1 : 0];
}

function weightHandles({ native, inputs }: KernelCall<Inputs, MBConvAttributes>): number[] {
  return MBCONV_WEIGHTS.map((name) => native.optionalHandle(inputs[name]) ?? 0);
}

/**
 * A whole MBConv in training mode, and its gradient. Forward gives `y`, the statistics (depthwise, project, expand where there is
 * one: mean, then variance) and, with `keep`, a tensor that the gradient needs and that holds x and the weights as long as it lives.
 */
export const fusedMBConvKernels: NativeKernel[] = [
  {
    name: "MBConvTraining",
    compute: (call: KernelCall<Inputs, MBConvAttributes>) => {
      const { native, inputs, attrs } = call;
      const x = native.handle(inputs.x as tf.TensorInfo);
      const { epsilon, keep } = attrs;
      const outputs = native.runMany("MBConvTraining", x, weightHandles(call), numbersOf(attrs), epsilon, keep);
      if (keep) native.holdWith(outputs[outputs.length - 1], Object.values(inputs) as tf.TensorInfo[]);
      return outputs;
    },
  },
  {
    name: "MBConvTrainingGrad",
    compute: (call: KernelCall<Inputs, MBConvAttributes>) => {
      const { native, inputs, attrs } = call;
      const [x, kept, dy] = [inputs.x, inputs.kept, inputs.dy].map((info) => native.handle(info as tf.TensorInfo));
      const { epsilon, inputGradient } = attrs;
      const weights = weightHandles(call);
      return native.runMany("MBConvTrainingGrad", x, weights, numbersOf(attrs), epsilon, kept, dy, inputGradient);
    },
  },
];
