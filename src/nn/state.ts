import { CheckpointError } from "../core";
import { tf } from "../engine";
import type { ParameterContainer, StoredTensor } from "./module";

/** Copies all parameters and buffers of a module, by name. */
export function saveState(module: ParameterContainer): Map<string, StoredTensor> {
  const state = new Map<string, StoredTensor>();
  for (const [name, variable] of variables(module)) {
    state.set(name, { shape: variable.shape, data: Float32Array.from(variable.dataSync()) });
  }
  return state;
}

/**
 * Puts saved values into a module.
 * @throws CheckpointError when a name is missing, a shape differs or a value is not finite; the module is unchanged then.
 */
export function loadState(module: ParameterContainer, state: Map<string, StoredTensor>): void {
  const targets = variables(module);
  for (const [name, variable] of targets) {
    const stored = state.get(name);
    if (!stored) throw new CheckpointError(`loadState: the file must have "${name}", which is missing`, { name });
    if (stored.shape.join() !== variable.shape.join()) {
      throw new CheckpointError(`loadState: "${name}" must be [${variable.shape}], got [${stored.shape}]`, { name });
    }
    const broken = stored.data.findIndex((value) => !Number.isFinite(value));
    if (broken >= 0) {
      throw new CheckpointError(
        `loadState: all values of "${name}" must be finite, got ${stored.data[broken]} at place ${broken}; train anew, or take an earlier file`,
        { name, place: broken },
      );
    }
  }
  for (const [name, variable] of targets) {
    const { shape, data } = state.get(name)!;
    tf.tidy(() => variable.assign(tf.tensor(data, [...shape])));
  }
}

function variables(module: ParameterContainer): Map<string, tf.Variable> {
  return new Map([...module.parameters(), ...module.buffers()]);
}
