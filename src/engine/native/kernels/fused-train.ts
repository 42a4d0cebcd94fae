import { tf } from "../../tf";
import type { NativeBackend } from "../backend";
import type { KernelCall, NativeKernel } from "./kernel";

type Handles = readonly number[];
type Named<K extends string> = Record<K, tf.TensorInfo>;

interface InPlace {
  anyShared(handles: Handles): boolean;
  fusedSgd(
    parameters: Handles,
    gradients: Handles,
    velocities: Handles,
    weightDecays: readonly number[],
    learningRate: number,
    momentum: number,
    nesterov: boolean,
  ): void;
  fusedAdam(
    parameters: Handles,
    gradients: Handles,
    firstMoments: Handles,
    secondMoments: Handles,
    weightDecays: readonly number[],
    steps: readonly number[],
    learningRate: number,
    beta1: number,
    beta2: number,
    epsilon: number,
    decoupled: boolean,
  ): void;
  fusedRunningAverage(running: Handles, batch: Handles, momentum: number): void;
}

/** What the update kernels take as attributes: lists of variables, and of what belongs to each. */
interface SgdCall {
  updates: readonly { variable: tf.Variable; velocity: tf.Variable | null; grad: tf.Tensor; weightDecay: number }[];
  learningRate: number;
  momentum: number;
  nesterov: boolean;
}

interface AdamCall {
  updates: readonly {
    variable: tf.Variable;
    m: tf.Variable;
    v: tf.Variable;
    grad: tf.Tensor;
    weightDecay: number;
    step: number;
  }[];
  learningRate: number;
  beta1: number;
  beta2: number;
  epsilon: number;
  decoupled: boolean;
}

interface RunningCall {
  updates: readonly { running: tf.Variable; batch: tf.Tensor }[];
  momentum: number;
}

function addonOf(native: NativeBackend): InPlace {
  return native.addon as unknown as InPlace;
}

/**
 * The handle of a variable that nobody else looks at, so that it may be written in place; a variable that shares its
 * memory (with the tensor it was made of, a view, a read under way) gets memory of its own first.
 */
function ownHandle(native: NativeBackend, variable: tf.Variable): number {
  const handle = native.handle(variable);
  if (native.refCount(variable.dataId) === 1 && !addonOf(native).anyShared([handle])) return handle;
  const copy = tf.mul(variable, 1);
  variable.assign(copy);
  copy.dispose();
  return native.handle(variable);
}

/** The same of what belongs to each update, where there is any: nearly always nobody else looks at it, which one call finds out. */
function ownHandles<U>(native: NativeBackend, updates: readonly U[], of: (update: U) => tf.Variable | null): Handles {
  const variables = updates.flatMap((update) => of(update) ?? []);
  const alone = variables.every(({ dataId }) => native.refCount(dataId) === 1);
  const handles = variables.map((variable) => native.handle(variable));
  if (alone && !addonOf(native).anyShared(handles)) return handles;
  return variables.map((variable) => ownHandle(native, variable));
}

/** What a training step needs beside the layers: losses, and optimiser updates in place, which give no tensor. */
export const fusedTrainKernels: NativeKernel[] = [
  {
    name: "FusedMeanSquaredError",
    compute: ({ native, inputs }: KernelCall<Named<"y" | "target">>) =>
      native.run("FusedMeanSquaredError", native.handle(inputs.y), native.handle(inputs.target)),
  },
  {
    name: "FusedMeanSquaredErrorGrad",
    compute: ({ native, inputs: { y, target, dLoss } }: KernelCall<Named<"y" | "target" | "dLoss">>) =>
      native.run("FusedMeanSquaredErrorGrad", ...[y, target, dLoss].map((info) => native.handle(info))),
  },
  {
    name: "FusedErrors",
    compute: ({ native, inputs }: KernelCall<Named<"y" | "target">>) =>
      native.runMany("FusedErrors", native.handle(inputs.y), native.handle(inputs.target)),
  },
  {
    name: "FusedSoftmaxCrossEntropy",
    compute: ({
      native,
      inputs: { logits, labels },
      attrs: { smoothing, gradientToo },
    }: KernelCall<Named<"logits" | "labels">, { smoothing: number; gradientToo: boolean }>) =>
      native.runMany("FusedSoftmaxCrossEntropy", native.handle(logits), native.handle(labels), smoothing, gradientToo),
  },
  {
    name: "FusedSoftmaxCrossEntropyGrad",
    compute: ({ native, inputs: { gradient, dLoss } }: KernelCall<Named<"gradient" | "dLoss">>) =>
      native.run("FusedSoftmaxCrossEntropyGrad", native.handle(gradient), native.handle(dLoss)),
  },
  {
    name: "FusedSgd",
    compute: ({ native, attrs }: KernelCall<unknown, SgdCall>) => {
      const { updates, learningRate, momentum, nesterov } = attrs;
      addonOf(native).fusedSgd(
        ownHandles(native, updates, ({ variable }) => variable),
        updates.map(({ grad }) => native.handle(grad)),
        ownHandles(native, updates, ({ velocity }) => velocity),
        updates.map(({ weightDecay }) => weightDecay),
        learningRate,
        momentum,
        nesterov,
      );
      return [];
    },
  },
  {
    name: "FusedAdam",
    compute: ({ native, attrs }: KernelCall<unknown, AdamCall>) => {
      const { updates, learningRate, beta1, beta2, epsilon, decoupled } = attrs;
      addonOf(native).fusedAdam(
        ownHandles(native, updates, ({ variable }) => variable),
        updates.map(({ grad }) => native.handle(grad)),
        ownHandles(native, updates, ({ m }) => m),
        ownHandles(native, updates, ({ v }) => v),
        updates.map(({ weightDecay }) => weightDecay),
        updates.map(({ step }) => step),
        learningRate,
        beta1,
        beta2,
        epsilon,
        decoupled,
      );
      return [];
    },
  },
  {
    name: "FusedRunningAverage",
    compute: ({ native, attrs }: KernelCall<unknown, RunningCall>) => {
      addonOf(native).fusedRunningAverage(
        ownHandles(native, attrs.updates, ({ running }) => running),
        attrs.updates.map(({ batch }) => native.handle(batch)),
        attrs.momentum,
      );
      return [];
    },
  },
];
