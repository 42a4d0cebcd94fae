import { ConfigError, type Rng } from "../core";
import { tf } from "../engine";

/**
 * One row of features an image, a running mean of what the network said of it (PIRL, section 3.2; in CSNAS' released code a sum
 * whose older terms are halved). Rows are compared by their cosine, so the sum's weight is left out.
 */
export class MemoryBank {
  private readonly rows: Float32Array;

  /**
   * @param images Rows.
   * @param features Numbers of each.
   * @param kept Share of the old row that stays when a new one is added, 0.5 in CSNAS.
   */
  constructor(
    readonly images: number,
    readonly features: number,
    private readonly kept: number,
  ) {
    this.rows = new Float32Array(images * features);
  }

  /** Adds what the network says now. @param values `[indices, features]` in a row. */
  add(indices: ArrayLike<number>, values: ArrayLike<number>): void {
    const { features, kept, rows } = this;
    for (let i = 0; i < indices.length; i++) {
      const row = indices[i] * features;
      for (let f = 0; f < features; f++) rows[row + f] = values[i * features + f] + kept * rows[row + f];
    }
  }

  /** Rows as a tensor `[indices, features]`, which the caller disposes. */
  take(indices: ArrayLike<number>): tf.Tensor2D {
    const { features, rows } = this;
    const values = new Float32Array(indices.length * features);
    for (let i = 0; i < indices.length; i++) {
      values.set(rows.subarray(indices[i] * features, (indices[i] + 1) * features), i * features);
    }
    return tf.tensor2d(values, [indices.length, features]);
  }

  /**
   * Different images that are not among some, at random.
   * @throws ConfigError when there are fewer.
   */
  others(count: number, not: ArrayLike<number>, rng: Rng): Uint32Array {
    const taken = new Set<number>(Array.from(not));
    if (count > this.images - taken.size) {
      throw new ConfigError(
        `contrastive training: negatives must be at most the ${this.images - taken.size} images outside a batch, got ${count}; take fewer negatives, smaller batches or more images`,
        { count, images: this.images },
      );
    }
    const drawn = new Uint32Array(count);
    for (let i = 0; i < count; ) {
      const image = rng.int(this.images);
      if (taken.has(image)) continue;
      taken.add(image);
      drawn[i++] = image;
    }
    return drawn;
  }
}
