import * as tf from "@tensorflow/tfjs";
import { ShapeError } from "../../core/errors";
import { hasKernel, runKernels } from "./dispatch";

export interface SgdHyperparameters {
  readonly learningRate: number;
  readonly momentum: number;
  readonly weightDecay: number;
  readonly nesterov: boolean;
}

/** A parameter, its gradient, its velocity (null: none) and its weight decay. */
export interface SgdUpdate {
  readonly variable: tf.Variable;
  readonly velocity: tf.Variable | null;
  readonly grad: tf.Tensor;
  readonly weightDecay: number;
}

/**
 * One step of stochastic gradient descent, in place, for all parameters in one call: v = momentum v + g + weightDecay w;
 * w = w - learningRate v (nesterov: w - learningRate (g + momentum v)). Without a velocity, v is the gradient itself.
 * @throws ShapeError if a gradient or velocity has not its parameter's shape.
 */
export function sgdUpdates(updates: readonly SgdUpdate[], options: Omit<SgdHyperparameters, "weightDecay">): void {
  for (const { variable, velocity, grad } of updates) {
    checkLike("sgdUpdates", variable, { grad, ...(velocity && { velocity }) });
  }
  if (hasKernel("FusedSgd")) {
    const withVelocity = updates.filter(({ velocity }) => velocity);
    const without = updates.filter(({ velocity }) => !velocity);
    for (const list of [withVelocity, without]) {
      if (list.length > 0) runKernels("FusedSgd", {}, { updates: list, ...options });
    }
    return;
  }
  const { learningRate, momentum, nesterov } = options;
  for (const { variable, velocity, grad, weightDecay } of updates) {
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
}

/** `sgdUpdates` for one parameter. */
export function sgdUpdate(
  variable: tf.Variable,
  velocity: tf.Variable | null,
  grad: tf.Tensor,
  { weightDecay, ...options }: SgdHyperparameters,
): void {
  sgdUpdates([{ variable, velocity, grad, weightDecay }], options);
}

export interface AdamHyperparameters {
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

/** A parameter, its gradient, the running moments of the gradient, its weight decay and its count of steps, from 1. */
export interface AdamUpdate {
  readonly variable: tf.Variable;
  readonly m: tf.Variable;
  readonly v: tf.Variable;
  readonly grad: tf.Tensor;
  readonly weightDecay: number;
  readonly step: number;
}

/**
 * One step of Adam (Kingma and Ba, ICLR 2015), in place, for all parameters in one call.
 * @throws ShapeError if a gradient or moment has not its parameter's shape.
 */
export function adamUpdates(
  updates: readonly AdamUpdate[],
  options: Omit<AdamHyperparameters, "weightDecay" | "step">,
): void {
  for (const { variable, m, v, grad } of updates) checkLike("adamUpdates", variable, { grad, m, v });
  if (hasKernel("FusedAdam")) {
    if (updates.length > 0) runKernels("FusedAdam", {}, { updates, ...options });
    return;
  }
  const { learningRate, beta1, beta2, epsilon, decoupled } = options;
  for (const { variable, m, v, grad, weightDecay, step } of updates) {
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
}

/** `adamUpdates` for one parameter. */
export function adamUpdate(
  variable: tf.Variable,
  m: tf.Variable,
  v: tf.Variable,
  grad: tf.Tensor,
  { weightDecay, step, ...options }: AdamHyperparameters,
): void {
  adamUpdates([{ variable, m, v, grad, weightDecay, step }], options);
}

/** Exponential running averages, in place, in one call: running = running (1 - momentum) + batch momentum. */
export function updateRunningAll(
  updates: readonly { readonly running: tf.Variable; readonly batch: tf.Tensor }[],
  momentum: number,
): void {
  for (const { running, batch } of updates) checkLike("updateRunningAll", running, { batch });
  if (hasKernel("FusedRunningAverage")) {
    runKernels("FusedRunningAverage", {}, { updates, momentum });
    return;
  }
  for (const { running, batch } of updates) {
    tf.tidy(() => running.assign(tf.add(tf.mul(running, 1 - momentum), tf.mul(batch, momentum))));
  }
}

/** `updateRunningAll` for one value. */
export function updateRunning(running: tf.Variable, batch: tf.Tensor, momentum: number): void {
  updateRunningAll([{ running, batch }], momentum);
}

function checkLike(op: string, variable: tf.Variable, others: Record<string, tf.Tensor>): void {
  for (const name in others) {
    const { shape } = others[name];
    if (!tf.util.arraysEqual(shape, variable.shape)) {
      throw new ShapeError(`${op}: ${name} must have its variable's shape [${variable.shape}], but is [${shape}]`, {
        variable: variable.shape,
        [name]: shape,
      });
    }
  }
}
