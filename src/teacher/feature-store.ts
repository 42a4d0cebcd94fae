import { join } from "node:path";
import {
  ByteStream,
  breathe,
  ConfigError,
  checkOptions,
  fingerprint as fingerprintOf,
  fitsInMemory,
  formatCount,
  keepBytes,
  type Lock,
  type OptionRules,
  Progress,
  rule,
  type StepContext,
  waitForLock,
  warn,
} from "../core";
import { batchValues, imageAt, imageSize, isStored, type Split } from "../data";
import { roundingClass, tf } from "../engine";
import { encodeFloat16 } from "../nn";
import type { ImageShape } from "../space";
import { completeFiles, type FeatureFiles, type FeatureStorage, growingFiles, passingStorage } from "./feature-storage";
import { keptRows, type SharedBoundaryMaps, type Sharing, sharedBatch } from "./shared-features";
import type { TeacherBlock } from "./split";
import type { Teacher } from "./teacher";

export interface FeatureOptions {
  /** Images of the split to take; all unless given. Positions in the store follow this order. */
  readonly indices?: ArrayLike<number>;
  /** How values are kept; "float16" halves the size at a relative error of 2^-11. */
  readonly dtype?: "float16" | "float32";
  /**
   * Folder to keep the features in and to take them from; without it they are kept for this process, in memory as far as
   * `BLOCKWISE_FEATURE_MEMORY` allows (a quarter of the machine's unless set) and on the disk beyond that.
   */
  readonly directory?: string;
}

/** What each option must be. */
export const FEATURE_RULES: OptionRules<FeatureOptions> = {
  indices: rule.list(rule.wholeFrom(0)),
  dtype: rule.oneOf("float16", "float32"),
  directory: rule.text,
};

/** Images of one teacher pass; fixed, because a resumed pass must give the same bytes. */
const CHUNK = 250;
const BYTES = { float16: 2, float32: 4 } as const;

/** The teacher's feature maps at every boundary of its blocks, for the images of a split. */
export class FeatureStore {
  /** Images in the store. */
  readonly count: number;

  constructor(
    /** Shape at each boundary: 0 is the image, i the output of block i - 1. */
    readonly shapes: readonly ImageShape[],
    /** Size of what is kept, in bytes (images are not kept again). */
    readonly sizeBytes: number,
    /** Names teacher, cuts, images and data type (hexadecimal): equal fingerprints, equal features. */
    readonly fingerprint: string,
    private readonly teacher: Teacher,
    private readonly split: Split,
    private readonly indices: Uint32Array,
    private readonly dtype: "float16" | "float32",
    private readonly storage: FeatureStorage,
  ) {
    this.count = indices.length;
  }

  /** Bytes of it that are in memory; the rest is on the disk. */
  get memoryBytes(): number {
    return this.shapes.slice(1).reduce((sum, _, boundary) => {
      const bytes = this.storage.share(boundary);
      return sum + ("memory" in bytes ? bytes.memory.byteLength : 0);
    }, 0);
  }

  /**
   * Feature maps `[batch, height, width, channels]` at a boundary (0: the preprocessed images).
   * @param positions Places in the store, 0..count-1.
   */
  batch(boundary: number, positions: ArrayLike<number>): tf.Tensor4D {
    const shape = this.shapes[boundary];
    if (boundary === 0) {
      const images = Uint32Array.from({ length: positions.length }, (_, i) => this.indices[positions[i]]);
      const { height, width, channels } = shape;
      const values = batchValues(this.split, images, shape, this.teacher.preprocessing);
      return tf.tensor4d(values, [positions.length, height, width, channels]);
    }
    const bytes = this.storage.share(boundary - 1);
    if ("memory" in bytes) return sharedBatch({ bytes, kept: this.dtype }, shape, positions);
    const size = imageSize(shape) * BYTES[this.dtype];
    const rows = new Uint8Array(positions.length * size);
    for (let i = 0; i < positions.length; i++) {
      this.storage.read(boundary - 1, positions[i], rows.subarray(i * size, (i + 1) * size));
    }
    const places = Array.from(positions, (_, i) => i);
    return keptRows(rows, this.dtype, places, shape);
  }

  /** Labels of the images at the given places. */
  labels(positions: ArrayLike<number>): Int32Array {
    return Int32Array.from({ length: positions.length }, (_, i) => this.split.labels[this.indices[positions[i]]]);
  }

  /**
   * The features of some boundaries for other threads, which read what is kept here, until it is closed; only the images
   * (boundary 0) are copied, one byte a value.
   */
  async share(boundaries: readonly number[]): Promise<Sharing> {
    const { count, shapes, fingerprint, dtype, storage } = this;
    const images = boundaries.includes(0) ? await this.copyImages() : undefined;
    const maps = new Map<number, SharedBoundaryMaps>();
    for (const boundary of boundaries) {
      if (boundary > 0) maps.set(boundary, { bytes: storage.share(boundary - 1), kept: dtype });
      else if (images) maps.set(0, { bytes: images.bytes, kept: this.teacher.preprocessing });
    }
    const labels = this.labels(Uint32Array.from({ length: count }, (_, i) => i));
    const features = { count, shapes, fingerprint, boundaries: maps, labels };
    return { features, release: () => images?.release() };
  }

  private async copyImages() {
    const size = imageSize(this.shapes[0]);
    const copy = keepBytes(this.count * size);
    for (const [i, index] of this.indices.entries()) {
      copy.write(i * size, imageAt(this.split, index, size));
      if (i % CHUNK === CHUNK - 1) await breathe();
    }
    return copy;
  }

  /** Frees memory and open files; the store cannot be read afterwards. */
  close(): void {
    this.storage.close();
  }
}

/** Bytes that {@link teacherFeatures} will keep for so many images. */
export function featureBytes(blocks: readonly TeacherBlock[], count: number, dtype: "float16" | "float32"): number {
  return blocks.reduce((sum, { output }) => sum + imageSize(output), 0) * count * BYTES[dtype];
}

/**
 * Computes the teacher's features at all boundaries in one pass over the images (running statistics, no augmentation).
 *
 * With a directory, what an earlier pass left there is checked and used; the file names carry a hash of teacher, cuts and
 * images, and the engine: features of two engines are never mixed. Chunks that are damaged are computed again, with a
 * warning. Of several processes that need the same features one computes them and the others wait. The first progress event
 * names the size.
 * @throws ConfigError when an option is not known or cannot be, or the split has no image of an index.
 * @throws CheckpointError when the directory cannot be written.
 * @throws InterruptedError when stopped; complete chunks stay in the directory.
 */
export async function teacherFeatures(
  teacher: Teacher,
  blocks: readonly TeacherBlock[],
  split: Split,
  options: FeatureOptions = {},
  context: StepContext = {},
): Promise<FeatureStore> {
  checkOptions("teacherFeatures", options, FEATURE_RULES);
  const { indices: given, dtype = "float16", directory } = options;
  const indices = given ? Uint32Array.from(given) : Uint32Array.from({ length: split.count }, (_, i) => i);
  const cuts = blocks.map(({ lastLayer }) => lastLayer);
  const bytesPerImage = blocks.map(({ output }) => imageSize(output) * BYTES[dtype]);
  const chunks = Array.from({ length: Math.ceil(indices.length / CHUNK) }, (_, i) =>
    Math.min(CHUNK, indices.length - i * CHUNK),
  );
  const beyond = indices.find((index) => index >= split.count);
  if (beyond !== undefined) {
    throw new ConfigError(`teacherFeatures: indices must be below ${split.count}, the split's images, got ${beyond}`);
  }
  const fingerprint = featureHash(teacher, cuts, split, indices, dtype);
  const sizeBytes = featureBytes(blocks, indices.length, dtype);
  const onDisk = directory ? 0 : sizeBytes - fitsInMemory(bytesPerImage.map((bytes) => bytes * indices.length));
  const place = onDisk > 0 ? `, ${formatCount(onDisk)}B of it on the disk` : "";
  const task = `teacher features (${formatCount(sizeBytes)}B ${dtype}${place})`;
  const compute = async (storage: FeatureStorage): Promise<FeatureStorage> => {
    const done = Math.min(indices.length, storage.done * CHUNK);
    const progress = new Progress(context, task, indices.length, "images", done);
    try {
      progress.advance(0);
      for (let chunk = storage.done; chunk < chunks.length; chunk++) {
        const start = chunk * CHUNK;
        storage.append(start, featuresOf(teacher, cuts, split, indices.subarray(start, start + chunks[chunk]), dtype));
        progress.advance(chunks[chunk]);
        await breathe();
      }
      return storage;
    } catch (error) {
      storage.close();
      throw error;
    }
  };
  const storage = directory
    ? await shared(
        { directory, name: `features-${fingerprintOf([fingerprint, roundingClass()])}`, chunks, bytesPerImage },
        compute,
        context,
      )
    : await compute(passingStorage(indices.length, bytesPerImage));
  const shapes = [blocks[0].input, ...blocks.map(({ output }) => output)];
  return new FeatureStore(shapes, sizeBytes, fingerprint, teacher, split, indices, dtype, storage);
}

/** Takes files that are complete, or completes them with the lock held: nobody else writes them meanwhile. */
async function shared(
  files: FeatureFiles,
  compute: (storage: FeatureStorage) => Promise<FeatureStorage>,
  context: StepContext,
): Promise<FeatureStorage> {
  const there = completeFiles(files);
  if (there) return compute(there);
  const path = join(files.directory, `${files.name}.lock`);
  const lock: Lock = await waitForLock(path, "teacher features", context, (held) => warn(context, held));
  try {
    const onDamage = (what: string) => warn(context, `teacher features: ${what}; they are computed anew from there on`);
    return await compute(growingFiles(files, lock, onDamage));
  } finally {
    lock.release();
  }
}

function featuresOf(
  teacher: Teacher,
  cuts: readonly number[],
  split: Split,
  indices: Uint32Array,
  dtype: "float16" | "float32",
): Uint8Array[] {
  const { height, width, channels } = teacher.architecture.input;
  const values = batchValues(split, indices, teacher.architecture.input, teacher.preprocessing);
  const maps = tf.tidy(() => {
    const images = tf.tensor4d(values, [indices.length, height, width, channels]);
    return teacher.featuresAt(images, cuts);
  });
  return maps.map((map) => {
    const floats = map.dataSync() as Float32Array;
    map.dispose();
    const kept = dtype === "float16" ? encodeFloat16(floats) : floats;
    return new Uint8Array(kept.buffer, kept.byteOffset, kept.byteLength);
  });
}

function featureHash(
  teacher: Teacher,
  cuts: readonly number[],
  split: Split,
  indices: Uint32Array,
  dtype: string,
): string {
  const size = imageSize(teacher.architecture.input);
  // One at a time where they are in a file.
  const one = (index: number) => imageAt(split, index, size);
  const images = Array.from(indices, (index) =>
    isStored(split) ? new ByteStream(size, () => [one(index)]) : one(index),
  );
  return fingerprintOf({ teacher: teacher.fingerprint(), cuts, dtype, images });
}
