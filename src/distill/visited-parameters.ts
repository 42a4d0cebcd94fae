import { tf } from "../engine";
import type { Optimizer } from "../nn";

/**
 * An optimizer that at each step moves all parameters that any step used before: those without a gradient get one of zero, so
 * that momentum and weight decay still move them. What a kept state has moments of was used.
 * @param all Every parameter there is, by name.
 */
export function movingVisited(inner: Optimizer, all: ReadonlyMap<string, tf.Variable>): Optimizer {
  const visited = new Map<string, tf.Variable>();
  return {
    step(gradients, parameters, learningRate) {
      for (const [name, variable] of parameters) visited.set(name, variable);
      const idle = [...visited].filter(([name]) => !gradients.has(name));
      const zeros = new Map<string, tf.Tensor>(idle.map(([name, variable]) => [name, tf.zerosLike(variable)]));
      inner.step(new Map([...gradients, ...zeros]), new Map([...parameters, ...idle]), learningRate);
      tf.dispose([...zeros.values()]);
    },
    state: () => inner.state(),
    restore(state) {
      inner.restore(state);
      for (const [name, variable] of all) if (state.has(`m:${name}`)) visited.set(name, variable);
    },
    dispose: () => inner.dispose(),
  };
}
