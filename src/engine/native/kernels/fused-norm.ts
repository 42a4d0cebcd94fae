import type { tf } from "../../tf";
import type { KernelCall, NativeKernel } from "./kernel";

type Info = tf.TensorInfo;
type Named<K extends string> = Record<K, Info>;
type WithActivation = { activation: keyof typeof ACTIVATIONS };

/** Activations by the numbers of native/src/hot/hot.h. */
export const ACTIVATIONS = { none: 0, silu: 1, relu: 2, relu6: 3 } as const;

/** Activation, batch norm and squeeze-excite, each in few passes over the data. */
export const fusedNormKernels: NativeKernel[] = [
  {
    name: "FusedActivation",
    compute: ({ native, inputs, attrs }: KernelCall<Named<"x">, WithActivation>) =>
      native.run("FusedActivation", native.handle(inputs.x), ACTIVATIONS[attrs.activation]),
  },
  {
    name: "FusedActivationGrad",
    compute: ({ native, inputs, attrs }: KernelCall<Named<"x" | "dy">, WithActivation>) =>
      native.run(
        "FusedActivationGrad",
        native.handle(inputs.x),
        native.handle(inputs.dy),
        ACTIVATIONS[attrs.activation],
      ),
  },
  {
    name: "FusedBatchNormTraining",
    compute: ({
      native,
      inputs: { x, gamma, beta },
      attrs,
    }: KernelCall<Named<"x" | "gamma" | "beta">, WithActivation & { epsilon: number }>) => {
      const handles = [x, gamma, beta].map((info) => native.handle(info));
      return native.runMany("FusedBatchNormTraining", ...handles, attrs.epsilon, ACTIVATIONS[attrs.activation]);
    },
  },
  {
    name: "FusedBatchNormTrainingGrad",
    compute: ({
      native,
      inputs: { x, gamma, beta, mean, variance, dy },
      attrs,
    }: KernelCall<
      Named<"x" | "gamma" | "beta" | "mean" | "variance" | "dy">,
      WithActivation & { epsilon: number }
    >) => {
      const handles = [x, gamma, beta, mean, variance, dy].map((info) => native.handle(info));
      return native.runMany("FusedBatchNormTrainingGrad", ...handles, attrs.epsilon, ACTIVATIONS[attrs.activation]);
    },
  },
  {
    name: "FusedBatchNormInference",
    compute: ({
      native,
      inputs: { x, gamma, beta, mean, variance },
      attrs,
    }: KernelCall<Named<"x" | "gamma" | "beta" | "mean" | "variance">, WithActivation & { epsilon: number }>) => {
      const handles = [x, gamma, beta, mean, variance].map((info) => native.handle(info));
      return native.run("FusedBatchNormInference", ...handles, attrs.epsilon, ACTIVATIONS[attrs.activation]);
    },
  },
  {
    name: "FusedSqueezeExcite",
    compute: ({
      native,
      inputs: { x, w1, b1, w2, b2 },
      attrs,
    }: KernelCall<Named<"x" | "w1" | "b1" | "w2" | "b2">, WithActivation>) => {
      const handles = [x, w1, b1, w2, b2].map((info) => native.handle(info));
      return native.runMany("FusedSqueezeExcite", ...handles, ACTIVATIONS[attrs.activation]);
    },
  },
  {
    name: "FusedSqueezeExciteGrad",
    compute: ({
      native,
      inputs: { x, w1, b1, w2, b2, pooled, dy },
      attrs,
    }: KernelCall<Named<"x" | "w1" | "b1" | "w2" | "b2" | "pooled" | "dy">, WithActivation>) => {
      const handles = [x, w1, b1, w2, b2, pooled, dy].map((info) => native.handle(info));
      return native.runMany("FusedSqueezeExciteGrad", ...handles, ACTIVATIONS[attrs.activation]);
    },
  },
];
