import { type Rng, SpaceError } from "../core";
import type { tf } from "../engine";
import type { Layer } from "../space/types";
import { ConvNorm, type LayerSettings } from "./conv-norm";
import { MBConv } from "./mbconv";
import { type ForwardContext, Module } from "./module";
import { MaxPool, ResidualBlock } from "./residual-block";

class Identity extends Module {
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return x.clone();
  }
}

/** Several modules one after another. */
export class Sequential extends Module {
  readonly modules: readonly Module[];

  constructor(modules: readonly Module[]) {
    super();
    this.modules = modules.map((module, i) => this.child(String(i), module));
  }

  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    let y = x;
    for (const module of this.modules) {
      const next = module.forward(y, context);
      // A gradient tape keeps what it needs; without one this frees the map at once.
      if (y !== x) y.dispose();
      y = next;
    }
    return y === x ? x.clone() : y;
  }
}

/** The module of one layer with freshly drawn parameters. */
export function buildLayer(layer: Layer, inChannels: number, settings: LayerSettings, rng: Rng, dropRate = 0): Module {
  switch (layer.kind) {
    case "conv":
      return new ConvNorm(layer, inChannels, settings, rng);
    case "mbconv":
      return new MBConv(layer, inChannels, settings, rng, dropRate);
    case "residual":
      return new ResidualBlock(layer, inChannels, settings, rng, dropRate);
    case "maxpool":
      return new MaxPool(layer, settings);
    case "identity":
      return new Identity();
    case "foreign":
      throw new SpaceError(
        `network: a layer must be one of Blockwise's, and ${layer.name} is of a model of TensorFlow.js; open that as a teacher`,
      );
  }
}
