import * as tf from "@tensorflow/tfjs";

/**
 * True if the backend in use has its own kernel of this name; otherwise the op is composed of ordinary ones.
 * The hand-written kernels are for the CPU: on another device the native backend composes too.
 */
export function hasKernel(name: string): boolean {
  if (tf.getKernel(name, tf.getBackend()) === undefined) return false;
  return ((tf.backend() as { device?: string }).device ?? "cpu") === "cpu";
}

/** Runs a kernel that gives one tensor. */
export function runKernel<T extends tf.Tensor>(
  name: string,
  inputs: tf.NamedTensorMap,
  attributes: Record<string, unknown>,
): T {
  return tf.engine().runKernel(name, inputs, attributes as unknown as tf.NamedAttrMap) as unknown as T;
}

/** Runs a kernel that gives several tensors. */
export function runKernels(name: string, inputs: tf.NamedTensorMap, attributes: Record<string, unknown>): tf.Tensor[] {
  return tf.engine().runKernel(name, inputs, attributes as unknown as tf.NamedAttrMap) as unknown as tf.Tensor[];
}

/** The value of `x` with no gradient through it. */
export function detach<T extends tf.Tensor>(x: T): T {
  const op = tf.customGrad((t) => {
    const input = t as tf.Tensor;
    return { value: input.clone(), gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy) };
  });
  return op(x) as T;
}

/** True while a gradient is being recorded: only then must a kernel keep what its gradient needs. */
export function recording(): boolean {
  return tf.engine().state.gradientDepth > 0;
}
