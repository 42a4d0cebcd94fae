import { breathe } from "../core";
import { tf } from "../engine";
import type { ImageShape } from "../space";
import type { FeatureSource } from "./feature-source";

/** Features of some boundaries in memory that all threads of the process see. */
export interface SharedFeatures {
  readonly count: number;
  readonly shapes: readonly ImageShape[];
  readonly fingerprint: string;
  readonly guide?: "teacher" | "student";
  /** float32 `[count, height, width, channels]` by boundary. */
  readonly boundaries: ReadonlyMap<number, SharedArrayBuffer>;
  /** A label an image, where the source has them. */
  readonly labels?: ArrayLike<number>;
}

/** Images copied between two breaths. */
const CHUNK = 256;

const sizeOf = ({ height, width, channels }: ImageShape) => height * width * channels;

/** Copies the features of the given boundaries into shared memory. */
export async function shareFeatures(features: FeatureSource, boundaries: readonly number[]): Promise<SharedFeatures> {
  const { count, shapes, fingerprint, guide } = features;
  const labels = features.labels?.(Uint32Array.from({ length: count }, (_, i) => i));
  const shared = new Map<number, SharedArrayBuffer>();
  for (const boundary of boundaries) {
    const size = sizeOf(shapes[boundary]);
    const buffer = new SharedArrayBuffer(count * size * Float32Array.BYTES_PER_ELEMENT);
    const values = new Float32Array(buffer);
    for (let from = 0; from < count; from += CHUNK) {
      const positions = Uint32Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => from + i);
      const maps = features.batch(boundary, positions);
      values.set(maps.dataSync(), from * size);
      maps.dispose();
      await breathe();
    }
    shared.set(boundary, buffer);
  }
  return { count, shapes, fingerprint, guide, boundaries: shared, labels };
}

/** Shared features as a source of batches, for the boundaries that are shared. */
export function sharedSource({ boundaries, labels, ...features }: SharedFeatures): FeatureSource {
  return {
    ...features,
    ...(labels && { labels: (positions) => Uint32Array.from(positions, (position) => labels[position]) }),
    batch(boundary, positions) {
      const { height, width, channels } = features.shapes[boundary];
      const size = height * width * channels;
      const all = new Float32Array(boundaries.get(boundary)!);
      const values = new Float32Array(positions.length * size);
      for (let i = 0; i < positions.length; i++) {
        values.set(all.subarray(positions[i] * size, (positions[i] + 1) * size), i * size);
      }
      return tf.tensor4d(values, [positions.length, height, width, channels]);
    },
  };
}
