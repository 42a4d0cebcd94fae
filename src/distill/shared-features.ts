import { breathe, type KeptBytes, keepBytes } from "../core";
import { type SharedBoundaryMaps, type SharedFeatures, type Sharing, sharedBatch } from "../teacher";
import type { FeatureSource } from "./feature-source";

/** Images copied between two breaths. */
const CHUNK = 256;

/** Features of the given boundaries for other threads; those of a source that does not share are copied, see `keepBytes`. */
export async function shareFeatures(features: FeatureSource, boundaries: readonly number[]): Promise<Sharing> {
  if (features.share) return features.share(boundaries);
  const { count, shapes, fingerprint, guide } = features;
  const labels = features.labels?.(Uint32Array.from({ length: count }, (_, i) => i));
  const copies: KeptBytes[] = [];
  const maps = new Map<number, SharedBoundaryMaps>();
  for (const boundary of boundaries) {
    const { height, width, channels } = shapes[boundary];
    const size = height * width * channels * Float32Array.BYTES_PER_ELEMENT;
    const copy = keepBytes(count * size);
    copies.push(copy);
    for (let from = 0; from < count; from += CHUNK) {
      const positions = Uint32Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => from + i);
      const batch = features.batch(boundary, positions);
      const values = batch.dataSync() as Float32Array;
      copy.write(from * size, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
      batch.dispose();
      await breathe();
    }
    maps.set(boundary, { bytes: copy.bytes, kept: "float32" });
  }
  return {
    features: { count, shapes, fingerprint, guide, boundaries: maps, labels },
    release: () => {
      for (const copy of copies) copy.release();
    },
  };
}

/** Shared features as a source of batches, for the boundaries that are shared. */
export function sharedSource({ boundaries, labels, ...features }: SharedFeatures): FeatureSource {
  return {
    ...features,
    ...(labels && { labels: (positions) => Uint32Array.from(positions, (position) => labels[position]) }),
    batch: (boundary, positions) => sharedBatch(boundaries.get(boundary)!, features.shapes[boundary], positions),
  };
}
