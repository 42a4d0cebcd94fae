import { CheckpointError } from "../core";
import { tf } from "../engine";
import type { ParameterContainer, StoredTensor } from "./module";

/** Copies all parameters and buffers of a module, by name. */
export function saveState(module: ParameterContainer): Map<string, StoredTensor> {
  const state = new Map<string, StoredTensor>();
  for (const [name, variable] of variables(module)) {
    state.set(name, { shape: variable.shape, data: copyOf(variable) });
  }
  return state;
}

/** Whether a tensor of ours is a batch norm's running variance, by its name. */
export function isVariance(name: string): boolean {
  return /(^|\.)runningVariance$/.test(name);
}

/** The values of a tensor, which nobody else writes to. */
export function copyOf(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync();
  return values instanceof Float32Array ? values.slice() : Float32Array.from(values);
}

/** Whether no value is NaN or infinite. */
export function allFinite(values: Float32Array): boolean {
  // A plain loop: `every` calls a function for each value. Any finite value times 0 is 0.
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += values[i] * 0;
  return zero === 0;
}

/**
 * What values of a tensor cannot be: one that is not finite, or a variance below 0, of which a batch norm would make NaN or, by its
 * epsilon, nonsense. Undefined where all may be.
 */
export function valueFault(name: string, data: Float32Array, variance = isVariance(name)): string | undefined {
  if (!variance && allFinite(data)) return undefined;
  const at = data.findIndex((value) => !Number.isFinite(value) || (variance && value < 0));
  if (at < 0) return undefined;
  const must = Number.isFinite(data[at]) ? "must be a variance, 0 or above everywhere" : "must have finite values only";
  return `${must}, and has ${data[at]} at place ${at}`;
}

/**
 * Puts saved values into a module.
 * @throws CheckpointError when a name is missing, a shape differs, a value is not finite or a variance is negative; the module is
 *   unchanged then.
 */
export function loadState(module: ParameterContainer, state: Map<string, StoredTensor>): void {
  const targets = variables(module);
  for (const [name, variable] of targets) {
    const stored = state.get(name);
    if (!stored) throw new CheckpointError(`loadState: the file must have "${name}", which is missing`, { name });
    if (stored.shape.join() !== variable.shape.join()) {
      throw new CheckpointError(`loadState: "${name}" must be [${variable.shape}], got [${stored.shape}]`, { name });
    }
    const fault = valueFault(name, stored.data);
    if (fault)
      throw new CheckpointError(`loadState: "${name}" ${fault}; train anew, or take an earlier file`, { name });
  }
  for (const [name, variable] of targets) {
    const { shape, data } = state.get(name)!;
    tf.tidy(() => variable.assign(tf.tensor(data, [...shape])));
  }
}

function variables(module: ParameterContainer): Map<string, tf.Variable> {
  return new Map([...module.parameters(), ...module.buffers()]);
}
