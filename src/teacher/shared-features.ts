import { CheckpointError, readShared, type SharedBytes } from "../core";
import { batchValues, imageSize, type Preprocessing } from "../data";
import { tf } from "../engine";
import { decodeFloat16 } from "../nn";
import type { ImageShape } from "../space";

/** Feature maps of one boundary, image after image. */
export interface SharedBoundaryMaps {
  readonly bytes: SharedBytes;
  /** How a value is kept; images, one byte a value, come with how they are preprocessed. */
  readonly kept: "float16" | "float32" | Preprocessing;
}

/** Features of some boundaries as plain data that all threads of the process can read. */
export interface SharedFeatures {
  readonly count: number;
  /** Of all boundaries. */
  readonly shapes: readonly ImageShape[];
  readonly fingerprint: string;
  readonly guide?: "teacher" | "student";
  readonly boundaries: ReadonlyMap<number, SharedBoundaryMaps>;
  /** A label an image, where the source has them. */
  readonly labels?: ArrayLike<number>;
}

/** Features that are shared until they are released. */
export interface Sharing {
  readonly features: SharedFeatures;
  /** Frees what was copied in order to share; no thread may read any more. */
  release(): void;
}

/** Bytes of a value in each way of keeping. */
export function bytesPerValue(kept: SharedBoundaryMaps["kept"]): number {
  if (kept === "float32") return 4;
  return kept === "float16" ? 2 : 1;
}

/** Feature maps `[batch, height, width, channels]` of the images at the given places, which the caller disposes. */
export function sharedBatch(
  { bytes, kept }: SharedBoundaryMaps,
  shape: ImageShape,
  positions: ArrayLike<number>,
): tf.Tensor4D {
  const { height, width, channels } = shape;
  const size = imageSize(shape) * bytesPerValue(kept);
  const rows = new Uint8Array(positions.length * size);
  for (let i = 0; i < positions.length; i++) {
    if (!readShared(bytes, positions[i] * size, rows.subarray(i * size, (i + 1) * size))) {
      throw new CheckpointError(
        `features: image ${positions[i]} must be among those kept, and they end before; run the same command again, which computes what is missing`,
        { image: positions[i] },
      );
    }
  }
  return tf.tensor4d(values(rows, kept, shape), [positions.length, height, width, channels]);
}

function values(rows: Uint8Array, kept: SharedBoundaryMaps["kept"], shape: ImageShape): Float32Array {
  if (kept === "float32") return new Float32Array(rows.buffer);
  if (kept === "float16") return decodeFloat16(new Uint16Array(rows.buffer));
  const count = rows.length / imageSize(shape);
  const split = { count, images: rows, labels: new Uint8Array(0) };
  return batchValues(
    split,
    Uint32Array.from({ length: count }, (_, i) => i),
    shape,
    kept,
  );
}
