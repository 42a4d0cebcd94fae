import type { Rng } from "../core";
import { tf } from "../engine";

/**
 * Which statistics batch norm uses.
 * - `train`: the batch's; the running ones follow them.
 * - `eval`: the running ones.
 * - `batch`: the batch's; nothing is kept.
 * - `recalibrate`: the batch's, which become the running ones (the rating's calibration pass).
 */
export type NormMode = "train" | "eval" | "batch" | "recalibrate";

export interface ForwardContext {
  readonly mode: NormMode;
  /** Draws dropout and drop-connect; without it neither is applied. */
  readonly rng?: Rng;
  /** False where nothing before the layer learns: the gradient of its input is not computed, which saves time. */
  readonly inputGradient?: boolean;
}

/** Values of a tensor as they are stored in a file. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** Parameters (trained) and buffers (running statistics), each under a dotted name, whatever is computed with them. */
export abstract class ParameterContainer {
  private readonly ownParameters = new Map<string, tf.Variable>();
  private readonly ownBuffers = new Map<string, tf.Variable>();
  private readonly children = new Map<string, ParameterContainer>();

  /** Trained values by dotted name, e.g. "expand.kernel"; always in the same order. */
  parameters(): Map<string, tf.Variable> {
    return this.collect((module) => module.ownParameters);
  }

  /** Running statistics by dotted name. */
  buffers(): Map<string, tf.Variable> {
    return this.collect((module) => module.ownBuffers);
  }

  /** Frees all tensors; the module cannot be used afterwards. */
  dispose(): void {
    for (const variable of [...this.parameters().values(), ...this.buffers().values()]) variable.dispose();
  }

  protected parameter<R extends tf.Rank = tf.Rank>(name: string, values: tf.Tensor<R>): tf.Variable<R> {
    return register(this.ownParameters, name, values, true);
  }

  protected buffer<R extends tf.Rank = tf.Rank>(name: string, values: tf.Tensor<R>): tf.Variable<R> {
    return register(this.ownBuffers, name, values, false);
  }

  protected child<M extends ParameterContainer>(name: string, module: M): M {
    this.children.set(name, module);
    return module;
  }

  private collect(own: (module: ParameterContainer) => Map<string, tf.Variable>): Map<string, tf.Variable> {
    const all = new Map(own(this));
    for (const [prefix, module] of this.children) {
      for (const [name, variable] of module.collect(own)) all.set(`${prefix}.${name}`, variable);
    }
    return all;
  }
}

/** A layer of one input. */
export abstract class Module extends ParameterContainer {
  /** Maps `[batch, height, width, channels]` to the layer's output of the same rank. */
  abstract forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D;
}

function register<R extends tf.Rank>(
  into: Map<string, tf.Variable>,
  name: string,
  values: tf.Tensor<R>,
  trainable: boolean,
): tf.Variable<R> {
  const variable = tf.variable(values, trainable);
  values.dispose();
  into.set(name, variable as tf.Variable);
  return variable;
}
