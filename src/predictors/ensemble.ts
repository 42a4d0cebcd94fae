import { ConfigError, checkOptions, type OptionRules, Rng, rule } from "../core";
import { tf } from "../engine";
import { adam, copyOf, lossAndGradients, type StoredTensor } from "../nn";
import type { PredictedValue, Predictor } from "../search";
import type { Tokens } from "./tokens";

export interface EnsembleOptions {
  /** Of the initial weights and the folds. */
  readonly seed: number;
  /** Networks, each fitted without another fold of the data (PNAS, section 4.2). Default 5. */
  readonly members?: number;
  /** Width of hidden layers. Default 100. */
  readonly hidden?: number;
  /** Steps of Adam, each over all data. Default 120. */
  readonly steps?: number;
  /** Default 0.01. */
  readonly learningRate?: number;
  /** Of the standardised values: the mean absolute error (PNAS), which is the default, or the mean square. */
  readonly loss?: "absolute" | "squared";
  /** Decoupled, of all weights but biases. Default 0. */
  readonly weightDecay?: number;
}

export const ENSEMBLE_RULES: OptionRules<EnsembleOptions> = {
  seed: rule.whole,
  members: rule.wholeFrom(1),
  hidden: rule.wholeFrom(1),
  steps: rule.wholeFrom(1),
  learningRate: rule.above(0),
  loss: rule.oneOf("absolute", "squared"),
  weightDecay: rule.from(0),
};

/** An architecture as a member reads it. */
export interface EncodedArchitecture {
  readonly tokens: readonly number[];
  /** Parts of one kind that these tokens describe, 1 where none are told apart. */
  readonly parts: number;
}

/** What the members of an ensemble are: all at once, with a leading axis of members in every tensor. */
export interface EnsembleNetwork {
  /** Initial weights by name. */
  weights(settings: { members: number; hidden: number; vocabulary: number }, rng: Rng): Map<string, tf.Tensor>;
  /** Outputs `[members, architectures, 1]`. */
  forward(
    weights: ReadonlyMap<string, tf.Tensor>,
    encoded: readonly EncodedArchitecture[],
    vocabulary: number,
  ): tf.Tensor3D;
}

/** Values of standard deviation below this are all one: predictions are their mean. */
const ALIKE = 1e-12;

/**
 * Networks that are fitted to standardised values by Adam, under the mean absolute error as in PNAS (section 4.2), each on all folds
 * of the data but one; a prediction is their mean, its deviation their spread. Nothing stays in the engine between calls.
 */
export class EnsemblePredictor<A> implements Predictor<A> {
  private readonly settings: Required<EnsembleOptions>;
  private fitted?: {
    readonly weights: ReadonlyMap<string, StoredTensor>;
    readonly mean: number;
    readonly scale: number;
  };

  /** @throws ConfigError when an option is not known or out of range. */
  constructor(
    readonly name: string,
    private readonly encoding: Tokens<A>,
    private readonly network: EnsembleNetwork,
    options: EnsembleOptions,
  ) {
    checkOptions(name, options, ENSEMBLE_RULES);
    if (options.seed === undefined) checkOptions(name, { seed: null }, { seed: rule.whole });
    this.settings = {
      members: 5,
      hidden: 100,
      steps: 120,
      learningRate: 0.01,
      loss: "absolute",
      weightDecay: 0,
      ...options,
    };
  }

  fit(known: readonly { readonly architecture: A; readonly value: number }[]): void {
    if (known.length === 0 || known.some(({ value }) => !Number.isFinite(value))) {
      throw new ConfigError(`${this.name}: it must be fitted to at least one value, all finite`);
    }
    const { members, hidden, steps, learningRate, loss: kind, weightDecay, seed } = this.settings;
    const { vocabulary } = this.encoding;
    const mean = known.reduce((sum, { value }) => sum + value, 0) / known.length;
    const deviation = Math.sqrt(known.reduce((sum, { value }) => sum + (value - mean) ** 2, 0) / known.length);
    const scale = deviation > ALIKE * Math.max(1, Math.abs(mean)) ? deviation : 0;
    const rng = new Rng(seed).fork(this.name);
    const encoded = known.map(({ architecture }) => this.encode(architecture));
    const parameters = new Map<string, tf.Variable>();
    for (const [name, tensor] of this.network.weights({ members, hidden, vocabulary }, rng.fork("weights"))) {
      parameters.set(name, tf.variable(tensor));
      tensor.dispose();
    }
    const targets = tf.tensor3d(
      known.flatMap(({ value }) => [(value - mean) / (scale || 1)]),
      [1, known.length, 1],
    );
    const shares = tf.tensor3d(foldShares(members, known.length, rng.fork("folds")), [members, known.length, 1]);
    const optimizer = adam({ weightDecay, decoupled: true });
    try {
      for (let step = 0; scale > 0 && step < steps; step++) {
        const { loss, gradients } = lossAndGradients(() => {
          const errors = tf.sub(this.network.forward(parameters, encoded, vocabulary), targets);
          return tf.sum(tf.mul(kind === "squared" ? tf.square(errors) : tf.abs(errors), shares)) as tf.Scalar;
        }, parameters);
        optimizer.step(gradients, parameters, learningRate * 0.5 * (1 + Math.cos((Math.PI * step) / steps)));
        tf.dispose([loss, ...gradients.values()]);
      }
      const weights = new Map<string, StoredTensor>();
      for (const [name, variable] of parameters) {
        weights.set(name, { shape: variable.shape, data: copyOf(variable) });
      }
      this.fitted = { weights, mean, scale };
    } finally {
      optimizer.dispose();
      tf.dispose([targets, shares, ...parameters.values()]);
    }
  }

  predict(architectures: readonly A[]): PredictedValue[] {
    const { fitted } = this;
    if (!fitted) throw new ConfigError(`${this.name}: it must be fitted before it predicts`);
    if (architectures.length === 0) return [];
    const { members } = this.settings;
    const encoded = architectures.map((architecture) => this.encode(architecture));
    const outputs = tf.tidy(() => {
      const weights = new Map(
        [...fitted.weights].map(([name, { shape, data }]) => [name, tf.tensor(data, [...shape])]),
      );
      return this.network.forward(weights, encoded, this.encoding.vocabulary).dataSync();
    });
    return encoded.map((_, i) => {
      const own = Array.from({ length: members }, (_, member) => outputs[member * encoded.length + i]);
      const mean = own.reduce((sum, value) => sum + value, 0) / members;
      const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / members;
      return { mean: fitted.mean + fitted.scale * mean, deviation: fitted.scale * Math.sqrt(variance) };
    });
  }

  private encode(architecture: A): EncodedArchitecture {
    const { encoding } = this;
    return { tokens: encoding.tokens(architecture), parts: encoding.parts?.(architecture) ?? 1 };
  }
}

/** Each member's share of every datum in its loss: none of its own fold, where there are data enough. */
function foldShares(members: number, count: number, rng: Rng): Float32Array {
  const order = rng.permutation(count);
  const leavesOut = members > 1 && count >= 2 * members;
  const shares = new Float32Array(members * count);
  for (let member = 0; member < members; member++) {
    const isIn = (i: number) => !leavesOut || order[i] % members !== member;
    const total = Array.from({ length: count }, (_, i) => i).filter(isIn).length;
    for (let i = 0; i < count; i++) if (isIn(i)) shares[member * count + i] = 1 / total;
  }
  return shares;
}

/** Uniform values within 1 / sqrt(inputs), with a leading axis of members. */
export function uniformWeights(shape: readonly number[], inputs: number, rng: Rng): tf.Tensor {
  const values = new Float32Array(shape.reduce((product, size) => product * size, 1));
  const bound = 1 / Math.sqrt(inputs);
  for (let i = 0; i < values.length; i++) values[i] = (2 * rng.uniform() - 1) * bound;
  return tf.tensor(values, [...shape]);
}
