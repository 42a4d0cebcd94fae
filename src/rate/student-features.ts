import {
  breathe,
  fingerprint as fingerprintOf,
  keepBytes,
  Progress,
  readShared,
  type StepContext,
  sha256,
} from "../core";
import { type BlockSupernet, type CellSupernet, type FeatureSource, type Path, shareFeatures } from "../distill";
import { tf } from "../engine";
import type { CandidateRating } from "./candidate-rating";
import { keepingStatistics } from "./keeping-statistics";
import { type RateOptions, type RatingFeatures, resolveRateOptions } from "./rate-options";
import { calibrationBatch } from "./rating-data";

/** Images of one forward pass. */
const CHUNK = 128;

/**
 * Features for the block after a rated one in which the student's own maps enter, those of its best rated candidate, while
 * the teacher's stay the target (strategy S1 of DNA's ablation, `guideInput: "student"`).
 *
 * For a whole student: distil block 0 on the teacher's features, rate it, take `studentFeatures` to block 1, and so on.
 * The supernet is afterwards as it was before.
 * @param features What the rated block was distilled and rated on.
 */
export async function studentFeatures(
  { block, cells, space }: BlockSupernet,
  ratings: readonly CandidateRating[],
  features: RatingFeatures,
  given: Partial<RateOptions> = {},
  context: StepContext = {},
): Promise<RatingFeatures> {
  const options = resolveRateOptions(given);
  const best = ratings.reduce((a, b) => (b.score < a.score ? b : a));
  const cell = cells[best.cell];
  const total = features.calibration.count + features.rating.count;
  const progress = new Progress(context, `student features ${block + 1}/${space.blocks.length}`, total, "images");
  return keepingStatistics([cell], async () => {
    if (options.recalibrate) {
      const batch = calibrationBatch(features.calibration, block, options);
      tf.dispose([batch, cell.forward(batch, { mode: "recalibrate", path: best.path })]);
    }
    const calibration = await guided(cell, best.path, features.calibration, progress);
    return { ...features, calibration, rating: await guided(cell, best.path, features.rating, progress) };
  });
}

/** A source whose maps behind the cell's block are the candidate's own. */
async function guided(
  cell: CellSupernet,
  path: Path,
  source: FeatureSource,
  progress: Progress,
): Promise<FeatureSource> {
  const { block } = cell;
  const { count, shapes, fingerprint } = source;
  const { height, width, channels } = shapes[block + 1];
  const size = height * width * channels;
  const bytesPerImage = size * Float32Array.BYTES_PER_ELEMENT;
  const maps = keepBytes(count * bytesPerImage);
  const sums: string[] = [];
  for (let from = 0; from < count; from += CHUNK) {
    const positions = Uint32Array.from({ length: Math.min(CHUNK, count - from) }, (_, i) => from + i);
    const x = source.batch(block, positions);
    const y = cell.forward(x, { mode: "eval", path });
    const values = y.dataSync() as Float32Array;
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    maps.write(from * bytesPerImage, bytes);
    sums.push(sha256(bytes));
    tf.dispose([x, y]);
    progress.advance(positions.length);
    await breathe();
  }
  const own = fingerprintOf([fingerprint, block, sums]);
  return {
    count,
    shapes,
    fingerprint: own,
    guide: "student",
    ...(source.labels && { labels: (positions: ArrayLike<number>) => source.labels!(positions) }),
    batch(boundary, positions) {
      if (boundary !== block + 1) return source.batch(boundary, positions);
      const values = new Float32Array(positions.length * size);
      for (let i = 0; i < positions.length; i++) {
        const row = new Uint8Array(values.buffer, i * bytesPerImage, bytesPerImage);
        readShared(maps.bytes, positions[i] * bytesPerImage, row);
      }
      return tf.tensor4d(values, [positions.length, height, width, channels]);
    },
    async share(boundaries) {
      const others = await shareFeatures(
        source,
        boundaries.filter((boundary) => boundary !== block + 1),
      );
      const mine = { bytes: maps.bytes, kept: "float32" as const };
      const shared = new Map([...others.features.boundaries, [block + 1, mine]]);
      const features = { ...others.features, fingerprint: own, guide: "student" as const, boundaries: shared };
      return { features, release: others.release };
    },
  };
}
