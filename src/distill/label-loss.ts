import { ConfigError, type Rng } from "../core";
import { fused, tf } from "../engine";
import { linearKernel, Module } from "../nn";
import { mixedLoss } from "../train";
import type { CellSupernet } from "./cell-supernet";
import type { FeatureSource } from "./feature-source";

/** Cross-entropy with the labels of a linear layer on the pooled output of a cell: the label loss of a distillation. */
export class LabelLoss extends Module {
  private readonly kernel: tf.Variable<tf.Rank.R2>;
  private readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(
    /** Share in the whole loss, 0..1. */
    readonly share: number,
    { block, space }: CellSupernet,
    private readonly source: FeatureSource,
    rng: Rng,
  ) {
    super();
    if (!source.labels) {
      throw new ConfigError("distill: labelLoss needs features with labels, got some without; leave labelLoss at 0");
    }
    const all = source.labels(Uint32Array.from({ length: source.count }, (_, i) => i));
    const highest = Array.from(all).reduce((most, label) => Math.max(most, label), 0);
    if (highest >= space.classes) {
      throw new ConfigError(
        `distill: labelLoss needs a space with the classes of the data, got ${space.classes} classes and a label of ${highest}; build the space with \`classes\` of the data set`,
        { classes: space.classes, label: highest },
      );
    }
    const { channels } = space.blocks[block].output;
    this.kernel = this.parameter("kernel", linearKernel(channels, space.classes, rng));
    this.bias = this.parameter("bias", tf.zeros<tf.Rank.R1>([space.classes]));
  }

  /** The module maps nothing on: it ends in a loss. */
  forward(x: tf.Tensor4D): tf.Tensor4D {
    return x.clone();
  }

  /** Labels `[batch]` of the images at the given places. */
  labelsOf(positions: Uint32Array): tf.Tensor1D {
    return tf.tensor1d(Int32Array.from(this.source.labels!(positions)), "int32");
  }

  /** The imitation loss with its share of cross-entropy; `y` is the cell's output `[batch, height, width, channels]`. */
  mixed(imitation: tf.Scalar, y: tf.Tensor4D, labels: tf.Tensor1D): tf.Scalar {
    const logits = tf.add(tf.matMul(tf.mean(y, [1, 2]) as tf.Tensor2D, this.kernel), this.bias) as tf.Tensor2D;
    const entropy = fused.softmaxCrossEntropy(logits, labels, { smoothing: 0 });
    return mixedLoss([
      { loss: imitation, share: 1 - this.share },
      { loss: entropy, share: this.share },
    ]);
  }
}
