import type { Rng } from "../core";
import { fused, tf } from "../engine";
import type { Activation } from "../space/types";
import { linearKernel } from "./initialisers";
import { Module } from "./module";

/** Channel attention: mean over the map, two linear layers, sigmoid gate. */
export class SqueezeExcite extends Module {
  readonly weights: {
    readonly w1: tf.Variable<tf.Rank.R2>;
    readonly b1: tf.Variable<tf.Rank.R1>;
    readonly w2: tf.Variable<tf.Rank.R2>;
    readonly b2: tf.Variable<tf.Rank.R1>;
  };

  constructor(
    channels: number,
    squeezed: number,
    private readonly innerActivation: Activation,
    rng: Rng,
  ) {
    super();
    this.weights = {
      w1: this.parameter("reduce.kernel", linearKernel(channels, squeezed, rng)),
      b1: this.parameter("reduce.bias", tf.zeros<tf.Rank.R1>([squeezed])),
      w2: this.parameter("expand.kernel", linearKernel(squeezed, channels, rng)),
      b2: this.parameter("expand.bias", tf.zeros<tf.Rank.R1>([channels])),
    };
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    const { w1, b1, w2, b2 } = this.weights;
    return fused.squeezeExcite(x, w1, b1, w2, b2, this.innerActivation);
  }
}
