import type { Rng } from "../../core";
import { CellSupernet } from "../../distill";
import { tf } from "../../engine";
import { ConvNorm, type ForwardContext, linearKernel, Module } from "../../nn";
import type { ConvLayer, SearchSpace } from "../../space";

/** The whole network space as one supernet with a classifier on top. */
export class GlobalSupernet extends Module {
  readonly cell: CellSupernet;
  private readonly head: ConvNorm;
  private readonly kernel: tf.Variable<tf.Rank.R2>;
  private readonly bias: tf.Variable<tf.Rank.R1>;

  constructor(space: SearchSpace, rng: Rng) {
    super();
    this.cell = this.child("cell", new CellSupernet(space, 0, 0, rng.fork("cell")));
    const [head] = space.head as [ConvLayer];
    const { channels } = space.blocks[0].output;
    this.head = this.child("head", new ConvNorm(head, channels, space, rng.fork("head")));
    this.kernel = this.parameter("kernel", linearKernel(head.outChannels, space.classes, rng.fork("classifier")));
    this.bias = this.parameter("bias", tf.zeros<tf.Rank.R1>([space.classes]));
  }

  forward(x: tf.Tensor4D): tf.Tensor4D {
    return x.clone();
  }

  logits(x: tf.Tensor4D, path: readonly number[], mode: ForwardContext["mode"]): tf.Tensor2D {
    return tf.tidy(() => {
      const map = this.head.forward(this.cell.forward(x, { mode, path }), { mode });
      return tf.add(tf.matMul(tf.mean(map, [1, 2]) as tf.Tensor2D, this.kernel), this.bias) as tf.Tensor2D;
    });
  }

  used(path: readonly number[]): Map<string, tf.Variable> {
    const own = [...this.parameters()].filter(([name]) => !name.startsWith("cell."));
    const cell = [...this.cell.pathParameters(path)].map(([name, variable]) => [`cell.${name}`, variable] as const);
    return new Map([...own, ...cell]);
  }
}
