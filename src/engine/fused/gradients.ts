import * as tf from "@tensorflow/tfjs";
import { runKernel, runKernels } from "./dispatch";

// Gradients of the fused kernels, by kernel name; a backend that registers the kernels gets them with it.

type Attributes = Record<string, unknown>;

/** Several gradients from one kernel: computed at once, because each is fetched within a scope of its own. */
function together(names: readonly string[], tensors: tf.Tensor[]): Record<string, () => tf.Tensor> {
  return Object.fromEntries(names.map((name, i) => [name, () => tensors[i]]));
}

const gradients: tf.GradConfig[] = [
  {
    kernelName: "FusedActivation",
    inputsToSave: ["x"],
    gradFunc: (dy, [x], attrs) => ({
      x: () => runKernel("FusedActivationGrad", { x, dy: dy as tf.Tensor }, attrs as Attributes),
    }),
  },
  {
    kernelName: "FusedBatchNormTraining",
    inputsToSave: ["x", "gamma", "beta"],
    outputsToSave: [false, true, true],
    gradFunc: (dys, [x, gamma, beta, mean, variance], attrs) => {
      const dy = (dys as tf.Tensor[])[0];
      const inputs = { x, gamma, beta, mean, variance, dy };
      return together(["x", "gamma", "beta"], runKernels("FusedBatchNormTrainingGrad", inputs, attrs as Attributes));
    },
  },
  {
    kernelName: "FusedBatchNormInference",
    inputsToSave: ["x", "gamma", "beta", "mean", "variance"],
    gradFunc: (dy, [x, gamma, beta, mean, variance], attrs) => {
      const { epsilon, activation } = attrs as unknown as { epsilon: number; activation: string };
      const inverse = tf.rsqrt(tf.add(variance, epsilon));
      const normal = tf.mul(tf.sub(x, mean), inverse);
      const before = tf.add(tf.mul(normal, gamma), beta);
      const dn = runKernel("FusedActivationGrad", { x: before, dy: dy as tf.Tensor }, { activation });
      const axes = x.shape.slice(0, -1).map((_, axis) => axis);
      return {
        x: () => tf.mul(dn, tf.mul(gamma, inverse)),
        gamma: () => tf.sum(tf.mul(dn, normal), axes),
        beta: () => tf.sum(dn, axes),
        mean: () => tf.neg(tf.mul(tf.sum(dn, axes), tf.mul(gamma, inverse))),
        variance: () => tf.mul(tf.sum(tf.mul(dn, normal), axes), tf.mul(tf.mul(gamma, tf.square(inverse)), -0.5)),
      };
    },
  },
  {
    kernelName: "FusedSqueezeExcite",
    inputsToSave: ["x", "w1", "b1", "w2", "b2"],
    outputsToSave: [false, true],
    gradFunc: (dys, [x, w1, b1, w2, b2, pooled], attrs) => {
      const dy = (dys as tf.Tensor[])[0];
      const inputs = { x, w1, b1, w2, b2, pooled, dy };
      const tensors = runKernels("FusedSqueezeExciteGrad", inputs, attrs as Attributes);
      return together(["x", "w1", "b1", "w2", "b2"], tensors);
    },
  },
  {
    kernelName: "FusedMeanSquaredError",
    inputsToSave: ["y", "target"],
    gradFunc: (dLoss, [y, target]) => {
      const dy = () => runKernel("FusedMeanSquaredErrorGrad", { y, target, dLoss: dLoss as tf.Tensor }, {});
      return { y: dy, target: () => tf.neg(dy()) };
    },
  },
];

for (const gradient of gradients) tf.registerGradient(gradient);
