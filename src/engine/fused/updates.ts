import * as tf from "@tensorflow/tfjs";
import { hasKernel, runKernels } from "./dispatch";

export interface SgdOptions {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

/**
 * One step of stochastic gradient descent, in place: v = momentum v + g + weightDecay w; w = w - learningRate v
 * (nesterov: w - learningRate (g + momentum v)). Without a velocity, v is the gradient itself.
 */
export function sgdUpdate(
  variable: tf.Variable,
  velocity: tf.Variable | null,
  grad: tf.Tensor,
  options: SgdOptions,
): void {
  if (hasKernel("FusedSgd")) {
    const inputs: tf.NamedTensorMap = velocity ? { variable, grad, velocity } : { variable, grad };
    tf.dispose(runKernels("FusedSgd", inputs, { ...options }));
    return;
  }
  const { learningRate, momentum, weightDecay, nesterov } = options;
  tf.tidy(() => {
    const g = weightDecay ? tf.add(grad, tf.mul(variable, weightDecay)) : grad;
    let direction = g;
    if (velocity) {
      const v = tf.add(tf.mul(velocity, momentum), g);
      velocity.assign(v);
      direction = nesterov ? tf.add(g, tf.mul(v, momentum)) : v;
    }
    variable.assign(tf.sub(variable, tf.mul(direction, learningRate)));
  });
}

export interface AdamOptions {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** True: weight decay apart from the gradient (AdamW, Loshchilov and Hutter, ICLR 2019). */
  readonly decoupled: boolean;
  /** Number of this step, from 1. */
  readonly step: number;
}

/** One step of Adam (Kingma and Ba, ICLR 2015), in place; `m` and `v` are the running moments of the gradient. */
export function adamUpdate(
  variable: tf.Variable,
  m: tf.Variable,
  v: tf.Variable,
  grad: tf.Tensor,
  options: AdamOptions,
): void {
  if (hasKernel("FusedAdam")) {
    tf.dispose(runKernels("FusedAdam", { variable, m, v, grad }, { ...options }));
    return;
  }
  const { learningRate, beta1, beta2, epsilon, weightDecay, decoupled, step } = options;
  tf.tidy(() => {
    const g = weightDecay && !decoupled ? tf.add(grad, tf.mul(variable, weightDecay)) : grad;
    m.assign(tf.add(tf.mul(m, beta1), tf.mul(g, 1 - beta1)));
    v.assign(tf.add(tf.mul(v, beta2), tf.mul(tf.square(g), 1 - beta2)));
    const size = tf.add(tf.div(tf.sqrt(v), Math.sqrt(1 - beta2 ** step)), epsilon);
    const change = tf.mul(tf.div(m, size), learningRate / (1 - beta1 ** step));
    const from = decoupled ? tf.mul(variable, 1 - learningRate * weightDecay) : variable;
    variable.assign(tf.sub(from, change));
  });
}

/** Exponential running average, in place: running = running (1 - momentum) + batch momentum. */
export function updateRunning(running: tf.Variable, batch: tf.Tensor, momentum: number): void {
  if (hasKernel("FusedRunningAverage")) {
    tf.dispose(runKernels("FusedRunningAverage", { running, batch }, { momentum }));
    return;
  }
  tf.tidy(() => running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum))));
}
