import { ConfigError } from "../core";
import { tf } from "../engine";
import type { Optimizer } from "./optimizer";

/**
 * An optimizer whose gradients are shortened together where their norm is above a bound (PyTorch's `clip_grad_norm_`).
 * @throws ConfigError unless the bound is above 0.
 */
export function clipped(optimizer: Optimizer, norm: number): Optimizer {
  if (!(norm > 0)) throw new ConfigError(`clipped: norm must be above 0, got ${norm}`, { norm });
  return {
    ...optimizer,
    step(gradients, parameters, learningRate) {
      const all = [...gradients.values()];
      if (all.length === 0) return;
      const total = tf.tidy(() => Math.sqrt(tf.addN(all.map((one) => tf.sum(tf.square(one)))).dataSync()[0]));
      if (total <= norm) {
        optimizer.step(gradients, parameters, learningRate);
        return;
      }
      const share = norm / (total + 1e-6);
      const shorter = new Map([...gradients].map(([name, gradient]) => [name, tf.mul(gradient, share)]));
      optimizer.step(shorter, parameters, learningRate);
      tf.dispose([...shorter.values()]);
    },
  };
}
