import type { Rng } from "../../core";
import { tf } from "../../engine";
import { type CellArchitecture, planCells, validateCells } from "../../space";
import type { Sequential } from "../build-layer";
import { dropout } from "../dropout";
import { linearKernel } from "../initialisers";
import { type ForwardContext, Module } from "../module";
import { CellModule, type EdgeWeight } from "./cell";
import { buildPrimitives } from "./primitives";

/** For each kind of cell and node the weight of each operation. */
export type EdgeWeights = Readonly<Record<string, readonly (readonly EdgeWeight[])[]>>;

/**
 * A network built from an architecture of cells: stem, stacked cells, head. Trained and evaluated as any other network.
 * @throws SpaceError when the architecture is malformed.
 */
export class CellNetwork extends Module {
  private readonly stem: Sequential;
  private readonly stack: readonly (CellModule | Sequential)[];
  private readonly head: Sequential;
  private readonly classifier?: {
    readonly kernel: tf.Variable<tf.Rank.R2>;
    readonly bias: tf.Variable<tf.Rank.R1>;
  };

  constructor(
    readonly architecture: CellArchitecture,
    rng: Rng,
  ) {
    super();
    validateCells(architecture);
    const { batchNormEpsilon, classes } = architecture;
    const { stem, stack, head } = planCells(architecture);
    const build = ({ place, primitives, input }: typeof stem) =>
      this.child(place, buildPrimitives(primitives, { input, batchNormEpsilon, rng: rng.fork(place) }));
    this.stem = build(stem);
    this.stack = stack.map((part) =>
      "nodes" in part
        ? this.child(part.place, new CellModule(part, batchNormEpsilon, rng.fork(part.place)))
        : build(part),
    );
    this.head = build(head);
    if (architecture.head.kind === "classifier") {
      const kernel = linearKernel(head.output.channels, classes, rng.fork("classifier"));
      this.classifier = {
        kernel: this.parameter("classifier.kernel", kernel),
        bias: this.parameter("classifier.bias", tf.zeros<tf.Rank.R1>([classes])),
      };
    }
  }

  /** Parts of the stack. */
  get depth(): number {
    return this.stack.length;
  }

  /** The feature map `[batch, height, width, channels]` before pooling; of an embedding `[batch, 1, 1, features]`. */
  forward(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return tf.tidy(() => this.head.forward(this.maps(x, context).at(-1)!, context));
  }

  /** Outputs `[batch, height, width, channels]` of the stem and of each part of the stack, in order; the caller frees them. */
  maps(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D[] {
    return tf.tidy(() => {
      const maps = [this.stemMap(x, context)];
      // Once for all cells, which share them.
      const weights = this.edgeWeights();
      for (const part of this.stack.keys()) {
        maps.push(this.runPart(part, [maps.at(-2) ?? maps[0], maps.at(-1)!], context, weights));
      }
      return maps;
    });
  }

  /** The stem's output of images. */
  stemMap(x: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return this.stem.forward(x, context);
  }

  /**
   * The output of one part of the stack, from 0, alone.
   * @param before Output of the part before the last one, the stem's for the first; what is no cell does not read it.
   * @param last Output of the last part.
   */
  partMap(index: number, before: tf.Tensor4D, last: tf.Tensor4D, context: ForwardContext): tf.Tensor4D {
    return this.runPart(index, [before, last], context, this.edgeWeights());
  }

  private runPart(
    index: number,
    [before, last]: readonly [tf.Tensor4D, tf.Tensor4D],
    context: ForwardContext,
    weights: EdgeWeights | undefined,
  ): tf.Tensor4D {
    const part = this.stack[index];
    if (!(part instanceof CellModule)) return part.forward(last, context);
    return part.forward(before, last, context, weights?.[part.cell]);
  }

  /** Logits `[batch, classes]` of preprocessed images `[batch, height, width, channels]`; of an embedding its features. */
  logits(x: tf.Tensor4D, context: ForwardContext): tf.Tensor2D {
    return tf.tidy(() => {
      const map = this.forward(x, context);
      if (!this.classifier) return tf.reshape(map, [map.shape[0], map.shape[3]]);
      const pooled = tf.mean(map, [1, 2]) as tf.Tensor2D;
      const rate = this.architecture.dropout ?? 0;
      const kept = rate > 0 && context.rng && context.mode === "train" ? dropout(pooled, rate, context.rng) : pooled;
      return tf.add(tf.matMul(kept, this.classifier.kernel), this.classifier.bias) as tf.Tensor2D;
    });
  }

  /** What the operations of each kind of cell count, by node; undefined where all count alike. */
  protected edgeWeights(): EdgeWeights | undefined {
    return undefined;
  }
}
