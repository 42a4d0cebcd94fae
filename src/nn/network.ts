import type { Rng } from "../core";
import { fused, tf } from "../engine";
import { type Architecture, channelsAfter, type Layer } from "../space";
import { buildLayer, Sequential } from "./build-layer";
import { dropout } from "./dropout";
import { linearKernel } from "./initialisers";
import { type ForwardContext, Module } from "./module";

/** A classifier built from an architecture: stem and blocks, head, global average pool, linear layer. */
export class Network extends Module {
  /** Layers of stem and blocks in order: the places where a teacher can be cut. */
  readonly trunk: Sequential;
  private readonly head: Sequential;
  private readonly hidden?: { readonly kernel: tf.Variable<tf.Rank.R2>; readonly bias: tf.Variable<tf.Rank.R1> };
  private readonly kernel: tf.Variable<tf.Rank.R2>;
  private readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(
    readonly architecture: Architecture,
    rng: Rng,
  ) {
    super();
    const { stem, blocks, head, hidden, classes, input, dropConnect = 0 } = architecture;
    const trunkLayers = [...stem, ...blocks.flat()];
    let channels = input.channels;
    const build = (layer: Layer, place: string, dropRate: number): Module => {
      const module = buildLayer(layer, channels, architecture, rng.fork(place), dropRate);
      channels = channelsAfter(layer, channels);
      return module;
    };
    this.trunk = this.child(
      "trunk",
      new Sequential(trunkLayers.map((layer, i) => build(layer, `trunk/${i}`, (dropConnect * i) / trunkLayers.length))),
    );
    this.head = this.child("head", new Sequential(head.map((layer, i) => build(layer, `head/${i}`, 0))));
    if (hidden) {
      this.hidden = {
        kernel: this.parameter("hidden.kernel", linearKernel(channels, hidden.features, rng.fork("hidden"))),
        bias: this.parameter("hidden.bias", tf.zeros<tf.Rank.R1>([hidden.features])),
      };
      channels = hidden.features;
    }
    this.kernel = this.parameter("classifier.kernel", linearKernel(channels, classes, rng.fork("classifier")));
    this.bias = this.parameter("classifier.bias", tf.zeros<tf.Rank.R1>([classes]));
  }

  /** The feature map `[batch, height, width, channels]` before pooling. */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => this.head.forward(this.trunk.forward(x, context), context));
  }

  /** Logits `[batch, classes]` of preprocessed images `[batch, height, width, channels]`. */
  logits(x: tf.Tensor4D, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => this.classify(this.forward(x, context), context));
  }

  /** Logits `[batch, classes]` from a feature map as it leaves a trunk layer. */
  logitsAfter(layer: number, x: tf.Tensor4D, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const rest = [...this.trunk.modules.slice(layer + 1), this.head];
      return this.classify(
        rest.reduce((y, module) => module.forward(y, context), x),
        context,
      );
    });
  }

  /** Logits `[batch, classes]` of what {@link forward} gave. */
  classify(map: tf.Tensor4D, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const features = this.lastFeatures(map);
      const rate = this.architecture.dropout ?? 0;
      const kept =
        rate > 0 && context.rng && context.mode === "train" ? dropout(features, rate, context.rng) : features;
      return tf.add(tf.matMul(kept, this.kernel), this.bias) as tf.Tensor2D;
    });
  }

  /** What the classifier sees, `[batch, features]`, of what {@link forward} gave; dropout comes after it. */
  lastFeatures(map: tf.Tensor4D): tf.Tensor2D {
    const pooled = tf.mean(map, [1, 2]) as tf.Tensor2D;
    const { hidden, architecture } = this;
    if (!hidden || !architecture.hidden) return pooled;
    const sum = tf.add(tf.matMul(pooled, hidden.kernel), hidden.bias) as tf.Tensor2D;
    return fused.activateComposed(sum, architecture.hidden.activation);
  }

  /**
   * Feature maps after the given trunk layers, in one pass.
   * @param cuts Flat layer indices in rising order; the pass ends at the last one.
   */
  featuresAt(x: tf.Tensor4D, context: ForwardContext, cuts: readonly number[]): tf.Tensor4D[] {
    return tf.tidy(() => {
      const features: tf.Tensor4D[] = [];
      let y = x;
      for (let i = 0; i <= cuts[cuts.length - 1]; i++) {
        const next = this.trunk.modules[i].forward(y, context);
        if (y !== x && !features.includes(y)) y.dispose();
        y = next;
        if (cuts.includes(i)) features.push(y);
      }
      return features;
    });
  }
}
