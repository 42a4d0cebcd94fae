import { CheckpointError, readShared, type SharedBytes } from "../core";
import { batchValues, imageSize, type Preprocessing } from "../data";
import { storedRows, tf } from "../engine";
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
  const size = imageSize(shape) * bytesPerValue(kept);
  if ("memory" in bytes) {
    const all = new Uint8Array(bytes.memory);
    const places = Array.from(positions);
    const beyond = places.find((place) => (place + 1) * size > all.length);
    if (beyond !== undefined) throw missing(beyond);
    if (kept === "float16" || kept === "float32") return keptRows(all, kept, places, shape);
  }
  const rows = new Uint8Array(positions.length * size);
  for (let i = 0; i < positions.length; i++) {
    if (!readShared(bytes, positions[i] * size, rows.subarray(i * size, (i + 1) * size))) throw missing(positions[i]);
  }
  const places = Array.from(positions, (_, i) => i);
  return typeof kept === "string" ? keptRows(rows, kept, places, shape) : imageRows(rows, kept, places, shape);
}

/** Feature maps among those in `bytes`, image after image. */
export function keptRows(
  bytes: Uint8Array,
  dtype: "float16" | "float32",
  places: readonly number[],
  shape: ImageShape,
): tf.Tensor4D {
  const size = imageSize(shape);
  const batch = batchShape(places.length, shape);
  const direct = storedRows({ bytes, dtype, rows: places, shape: batch });
  if (direct) return direct as tf.Tensor4D;
  const all = dtype === "float16" ? new Uint16Array(bytes.buffer) : new Float32Array(bytes.buffer);
  const values = new Float32Array(places.length * size);
  for (const [i, place] of places.entries()) {
    const from = all.subarray(place * size, (place + 1) * size);
    const to = values.subarray(i * size, (i + 1) * size);
    if (from instanceof Uint16Array) decodeFloat16(from, to);
    else to.set(from);
  }
  return tf.tensor4d(values, batch);
}

function imageRows(rows: Uint8Array, kept: Preprocessing, places: readonly number[], shape: ImageShape): tf.Tensor4D {
  const split = { count: places.length, images: rows, labels: new Uint8Array(0) };
  return tf.tensor4d(batchValues(split, Uint32Array.from(places), shape, kept), batchShape(places.length, shape));
}

function batchShape(count: number, { height, width, channels }: ImageShape): [number, number, number, number] {
  return [count, height, width, channels];
}

function missing(image: number): CheckpointError {
  return new CheckpointError(
    `features: image ${image} must be among those kept, and they end before; run the same command again, which computes what is missing`,
    { image },
  );
}
