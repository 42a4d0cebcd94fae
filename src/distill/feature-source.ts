import type { tf } from "../engine";
import type { ImageShape } from "../space";
import type { Sharing } from "../teacher";

/** The teacher's feature maps at the boundaries of its blocks; a `FeatureStore` is one. */
export interface FeatureSource {
  /** Images there are features of. */
  readonly count: number;
  /** Shape at each boundary: 0 is the image, i the output of block i - 1. */
  readonly shapes: readonly ImageShape[];
  /** Names teacher, cuts and images (hexadecimal): equal fingerprints, equal features. */
  readonly fingerprint: string;
  /** Whose maps enter the blocks after the first; the teacher's unless said otherwise. */
  readonly guide?: "teacher" | "student";
  /** Feature maps `[batch, height, width, channels]` of the images at the given places; the caller disposes them. */
  batch(boundary: number, positions: ArrayLike<number>): tf.Tensor4D;
  /** Labels of the images at the given places; only a label loss needs them. */
  labels?(positions: ArrayLike<number>): ArrayLike<number>;
  /** The features of some boundaries for other threads, without a copy of the maps; a source that cannot is copied. */
  share?(boundaries: readonly number[]): Promise<Sharing>;
}
