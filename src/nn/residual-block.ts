import type { Rng } from "../core";
import { fused, tf } from "../engine";
import { type ConvLayer, channelsAfter, type MaxPoolLayer, type ResidualLayer, residualConvolutions } from "../space";
import { ConvNorm, type LayerSettings, paddingFor } from "./conv-norm";
import { dropConnect } from "./dropout";
import { type ForwardContext, Module } from "./module";

/** ResNet's block: convolutions in a row and a way around them, added before the last activation (He et al., CVPR 2016). */
export class ResidualBlock extends Module {
  private readonly convolutions: readonly ConvNorm[];
  /** The way around where the shape changes: a 1x1 convolution. */
  private readonly shortcut?: ConvNorm;

  constructor(
    private readonly layer: ResidualLayer,
    inChannels: number,
    settings: LayerSettings,
    rng: Rng,
    /** Probability of dropping the convolutions of a sample in training (stochastic depth). */
    private readonly dropRate = 0,
  ) {
    super();
    const { main, shortcut } = residualConvolutions(layer, inChannels);
    let channels = inChannels;
    this.convolutions = main.map((conv: ConvLayer, i) => {
      const module = this.child(`conv${i + 1}`, new ConvNorm(conv, channels, settings, rng.fork(`conv${i + 1}`)));
      channels = channelsAfter(conv, channels);
      return module;
    });
    if (shortcut)
      this.shortcut = this.child("shortcut", new ConvNorm(shortcut, inChannels, settings, rng.fork("shortcut")));
  }

  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => {
      const y = this.convolutions.reduce((map, conv) => conv.forward(map, context), x);
      const dropped = context.mode === "train" && this.dropRate > 0 && context.rng !== undefined;
      const branch = dropped ? dropConnect(y, this.dropRate, context.rng!) : y;
      const sum = tf.add(branch, this.shortcut ? this.shortcut.forward(x, context) : x) as tf.Tensor4D;
      return fused.activateComposed(sum, this.layer.activation);
    });
  }
}

/** The largest value of each window. */
export class MaxPool extends Module {
  constructor(
    private readonly layer: MaxPoolLayer,
    private readonly settings: LayerSettings,
  ) {
    super();
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    const { kernelSize, stride } = this.layer;
    return tf.maxPool(x, kernelSize, stride, paddingFor(kernelSize, this.settings.padding));
  }
}
