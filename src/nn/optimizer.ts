import { CheckpointError, checkOptions, type OptionRules, rule } from "../core";
import { fused, tf } from "../engine";
import type { StoredTensor } from "./module";
import { copyOf } from "./state";

/** Moves parameters along their gradients. Parameters without a gradient keep their values and their state. */
export interface Optimizer {
  step(gradients: Map<string, tf.Tensor>, parameters: Map<string, tf.Variable>, learningRate: number): void;
  /** All that a resumed training needs, by name. */
  state(): Map<string, StoredTensor>;
  restore(state: Map<string, StoredTensor>): void;
  dispose(): void;
}

export interface SgdOptions {
  readonly momentum?: number;
  /** L2 penalty added to the gradient; not applied to 1-D parameters (biases, batch norm). */
  readonly weightDecay?: number;
  readonly nesterov?: boolean;
}

export interface AdamOptions {
  readonly beta1?: number;
  readonly beta2?: number;
  readonly epsilon?: number;
  readonly weightDecay?: number;
  /** Decay apart from the gradient (AdamW). */
  readonly decoupled?: boolean;
}

const SGD_RULES: OptionRules<SgdOptions> = {
  momentum: rule.below(0, 1),
  weightDecay: rule.from(0),
  nesterov: rule.boolean,
};
const ADAM_RULES: OptionRules<AdamOptions> = {
  beta1: rule.below(0, 1),
  beta2: rule.below(0, 1),
  epsilon: rule.above(0),
  weightDecay: rule.from(0),
  decoupled: rule.boolean,
};

/** One state tensor a parameter and kind ("velocity", "m", "v"), made when the parameter first gets a gradient. */
class Slots {
  private readonly slots = new Map<string, tf.Variable>();

  get(kind: string, name: string, like: tf.Variable): tf.Variable {
    const key = `${kind}:${name}`;
    let slot = this.slots.get(key);
    if (!slot) {
      const zeros = tf.zeros(like.shape);
      slot = tf.variable(zeros, false);
      zeros.dispose();
      this.slots.set(key, slot);
    }
    return slot;
  }

  state(): Map<string, StoredTensor> {
    return new Map([...this.slots].map(([key, slot]) => [key, { shape: slot.shape, data: copyOf(slot) }]));
  }

  restore(state: Map<string, StoredTensor>): void {
    this.dispose();
    for (const [key, { shape, data }] of state) {
      const values = tf.tensor(data, [...shape]);
      this.slots.set(key, tf.variable(values, false));
      values.dispose();
    }
  }

  dispose(): void {
    for (const slot of this.slots.values()) slot.dispose();
    this.slots.clear();
  }
}

/** Stochastic gradient descent, with momentum unless it is 0. @throws ConfigError for an option that is not known. */
export function sgd(options: SgdOptions = {}): Optimizer {
  checkOptions("sgd", options, SGD_RULES);
  const { momentum = 0.9, weightDecay = 0, nesterov = false } = options;
  const slots = new Slots();
  return {
    step(gradients, parameters, learningRate) {
      const updates = [...gradients].map(([name, grad]) => {
        const variable = parameters.get(name)!;
        const velocity = momentum > 0 ? slots.get("velocity", name, variable) : null;
        return { variable, velocity, grad, weightDecay: variable.rank > 1 ? weightDecay : 0 };
      });
      fused.sgdUpdates(updates, { learningRate, momentum, nesterov });
    },
    state: () => slots.state(),
    restore: (state) => slots.restore(state),
    dispose: () => slots.dispose(),
  };
}

/** Adam; the step count for the bias correction is each parameter's own, as in PyTorch. @throws ConfigError for an option that is not known. */
export function adam(options: AdamOptions = {}): Optimizer {
  checkOptions("adam", options, ADAM_RULES);
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decoupled = false } = options;
  const slots = new Slots();
  const steps = new Map<string, number>();
  return {
    step(gradients, parameters, learningRate) {
      const updates = [...gradients].map(([name, grad]) => {
        const variable = parameters.get(name)!;
        const step = (steps.get(name) ?? 0) + 1;
        steps.set(name, step);
        const [m, v] = [slots.get("m", name, variable), slots.get("v", name, variable)];
        return { variable, m, v, grad, weightDecay: variable.rank > 1 ? weightDecay : 0, step };
      });
      fused.adamUpdates(updates, { learningRate, beta1, beta2, epsilon, decoupled });
    },
    state() {
      const state = slots.state();
      for (const [name, step] of steps) state.set(`step:${name}`, { shape: [1], data: Float32Array.of(step) });
      return state;
    },
    restore(state) {
      steps.clear();
      const tensors = new Map<string, StoredTensor>();
      for (const [key, stored] of state) {
        if (key.startsWith("step:")) steps.set(key.slice("step:".length), stored.data[0]);
        else tensors.set(key, stored);
      }
      for (const key of tensors.keys()) {
        const name = key.slice(key.indexOf(":") + 1);
        if (!steps.has(name))
          throw new CheckpointError(`adam: the state of ${name} must come with its step count`, { name });
      }
      slots.restore(tensors);
    },
    dispose: () => slots.dispose(),
  };
}
