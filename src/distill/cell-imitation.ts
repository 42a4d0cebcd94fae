import { SpaceError } from "../core";
import { type ImageShape, type Preprocessing, type Split, takeBatch } from "../data";
import { fused, tf } from "../engine";
import type { CellNetwork, ForwardContext, PathCellNetwork } from "../nn";
import { channelScale } from "./channel-scale";

/** Images with what a network needs to see them. */
export interface SeenImages {
  readonly split: Split;
  readonly shape: ImageShape;
  readonly preprocessing: Preprocessing;
}

/** Images of a pass through the teacher. */
const BATCH = 250;

/**
 * A network of cells as a teacher, block by block: each part of its stack is one block, the first with the stem. Keeps its maps
 * of all images in memory: for small sets.
 */
export class CellTeacherMaps {
  /** Of images, a chunk a tensor, then all together: the stem's, then each part's. */
  private readonly maps: readonly tf.Tensor4D[];
  /** By block: what its target is multiplied by, `[channels]`. */
  private readonly scales: readonly tf.Tensor1D[];

  /** @param scales Of another set's maps, so that both are compared alike; of these when left out. */
  constructor(
    teacher: CellNetwork,
    private readonly images: SeenImages,
    scales?: CellTeacherMaps,
  ) {
    const chunks: tf.Tensor4D[][] = [];
    for (let from = 0; from < images.split.count; from += BATCH) {
      const indices = placesFrom(from, Math.min(BATCH, images.split.count - from));
      chunks.push(tf.tidy(() => teacher.maps(this.pictures(indices), { mode: "eval" })));
    }
    this.maps = chunks[0].map((_, at) =>
      tf.concat4d(
        chunks.map((chunk) => chunk[at]),
        0,
      ),
    );
    tf.dispose(chunks);
    this.scales = scales
      ? scales.scales.map((scale) => scale.clone())
      : this.maps.slice(1).map((map) => channelScale(map.clone()));
  }

  get count(): number {
    return this.images.split.count;
  }

  get blocks(): number {
    return this.scales.length;
  }

  /** What a block is fed with and is to imitate, of the images at some places; the caller disposes it. */
  batch(block: number, places: Uint32Array): ImitatedBatch {
    return tf.tidy(() => {
      const of = (map: tf.Tensor4D) => tf.gather(map, tf.tensor1d(Int32Array.from(places), "int32"));
      return {
        inputs: block === 0 ? [this.pictures(places)] : [of(this.maps[block - 1]), of(this.maps[block])],
        target: tf.mul(of(this.maps[block + 1]), this.scales[block]) as tf.Tensor4D,
        scale: this.scales[block].clone(),
      };
    });
  }

  dispose(): void {
    tf.dispose([this.maps, this.scales] as never);
  }

  private pictures(places: Uint32Array): tf.Tensor4D {
    const { images, labels } = takeBatch(this.images.split, places, this.images);
    labels.dispose();
    return images;
  }
}

/** What a block learns from. */
export interface ImitatedBatch {
  /** The images alone for the first block, else the teacher's outputs of the part before the last and of the last. */
  readonly inputs: readonly tf.Tensor4D[];
  /** The teacher's output of the block, each channel over its standard deviation. */
  readonly target: tf.Tensor4D;
  readonly scale: tf.Tensor1D;
}

/**
 * Mean squared error between a block of the student, on its present path, and the teacher's, each channel by the teacher's
 * standard deviation.
 * @throws SpaceError when their outputs differ in shape.
 */
export function imitationLoss(
  student: PathCellNetwork,
  block: number,
  { inputs, target, scale }: ImitatedBatch,
  context: ForwardContext,
): tf.Scalar {
  return tf.tidy(() => {
    const [before, last] = block === 0 ? Array<tf.Tensor4D>(2).fill(student.stemMap(inputs[0], context)) : inputs;
    const y = student.partMap(block, before, last, context);
    if (y.shape.join() !== target.shape.join()) {
      throw new SpaceError(
        `imitationLoss: block ${block + 1} of the student must give maps [${target.shape.slice(1)}] as the teacher's does, got [${y.shape.slice(1)}]`,
        { block },
      );
    }
    return fused.meanSquaredError(tf.mul(y, scale), target) as tf.Scalar;
  });
}

/** So many whole numbers from one on. */
export function placesFrom(from: number, count: number): Uint32Array {
  return Uint32Array.from({ length: count }, (_, i) => from + i);
}
