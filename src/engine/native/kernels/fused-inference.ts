import type { tf } from "../../tf";
import { MBCONV_WEIGHTS, type MBConvAttributes, numbersOf } from "./fused-mbconv";
import { ACTIVATIONS } from "./fused-norm";
import type { KernelCall, NativeKernel } from "./kernel";
import { type Conv2DAttributes, conv2DWindows } from "./windows";

/** The statistics after the weights, in the order of native/src/kernels/fused_inference.cc. */
const STATISTICS = ["mean1", "variance1", "mean2", "variance2", "mean3", "variance3"] as const;

type Named<K extends string> = Record<K, tf.TensorInfo>;
type ConvNormInputs = Named<"x" | "kernel" | "gamma" | "beta" | "mean" | "variance">;

interface ConvNormAttributes extends Conv2DAttributes {
  epsilon: number;
  activation: keyof typeof ACTIVATIONS;
}

/** Layers with given statistics, their norms folded into the weights. */
export const fusedInferenceKernels: NativeKernel[] = [
  {
    name: "MBConvInference",
    compute: ({ native, inputs, attrs }: KernelCall<Record<string, tf.TensorInfo | undefined>, MBConvAttributes>) => {
      const weights = [...MBCONV_WEIGHTS, ...STATISTICS].map((name) => native.optionalHandle(inputs[name]) ?? 0);
      const x = native.handle(inputs.x as tf.TensorInfo);
      return native.run("MBConvInference", x, weights, numbersOf(attrs), attrs.epsilon);
    },
  },
  {
    name: "ConvNormInference",
    compute: ({ native, inputs, attrs }: KernelCall<ConvNormInputs, ConvNormAttributes>) => {
      const { x, kernel, gamma, beta, mean, variance } = inputs;
      const handles = [x, kernel, gamma, beta, mean, variance].map((info) => native.handle(info));
      const windows = conv2DWindows(x.shape, kernel.shape, attrs);
      return native.run("ConvNormInference", ...handles, attrs.epsilon, ACTIVATIONS[attrs.activation], ...windows);
    },
  },
];
