import { tf } from "../../tf";
import type { NativeBackend } from "../backend";
import type { KernelCall, NativeKernel } from "./kernel";

interface InPlace {
  isShared(handle: number): boolean;
  fusedSgd(...values: (number | boolean)[]): void;
  fusedAdam(...values: (number | boolean)[]): void;
  fusedRunningAverage(...values: (number | boolean)[]): void;
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
  if (native.refCount(variable.dataId) === 1 && !addonOf(native).isShared(handle)) return handle;
  const copy = tf.mul(variable, 1);
  variable.assign(copy);
  copy.dispose();
  return native.handle(variable);
}

/** Optimiser updates in place; they give no tensor. */
export const fusedUpdateKernels: NativeKernel[] = [
  {
    name: "FusedSgd",
    compute: ({ native, inputs, attrs }: KernelCall<Record<string, tf.Variable>, Record<string, number>>) => {
      const w = ownHandle(native, inputs.variable);
      const velocity = inputs.velocity ? ownHandle(native, inputs.velocity) : 0;
      const { learningRate, momentum, weightDecay, nesterov } = attrs;
      const grad = native.handle(inputs.grad);
      addonOf(native).fusedSgd(w, velocity, grad, learningRate, momentum, weightDecay, nesterov);
      return [];
    },
  },
  {
    name: "FusedAdam",
    compute: ({ native, inputs, attrs }: KernelCall<Record<string, tf.Variable>, Record<string, number>>) => {
      const [w, m, v] = [inputs.variable, inputs.m, inputs.v].map((variable) => ownHandle(native, variable));
      const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = attrs;
      const grad = native.handle(inputs.grad);
      addonOf(native).fusedAdam(w, m, v, grad, learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step);
      return [];
    },
  },
  {
    name: "FusedRunningAverage",
    compute: ({ native, inputs, attrs }: KernelCall<Record<string, tf.Variable>, { momentum: number }>) => {
      const running = ownHandle(native, inputs.running);
      addonOf(native).fusedRunningAverage(running, native.handle(inputs.batch), attrs.momentum);
      return [];
    },
  },
];
