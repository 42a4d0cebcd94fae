import { tf } from "../engine";

/** Loss and its gradients by parameter name; the caller disposes both. */
export interface LossAndGradients {
  readonly loss: tf.Scalar;
  readonly gradients: Map<string, tf.Tensor>;
}

/** Runs a loss function and differentiates it for the given parameters; those that took no part, as all do where there are none, have no entry. */
export function lossAndGradients(loss: () => tf.Scalar, parameters: Map<string, tf.Variable>): LossAndGradients {
  // A path may own no parameter (the identity); tf.variableGrads refuses an empty list.
  if (parameters.size === 0) return { loss: tf.tidy(loss), gradients: new Map() };
  const { value, grads } = tf.variableGrads(loss, [...parameters.values()]);
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, variable] of parameters) {
    const gradient = grads[variable.name];
    if (gradient) gradients.set(name, gradient);
  }
  return { loss: value, gradients };
}
