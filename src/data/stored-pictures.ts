import { closeSync, openSync, read, readSync } from "node:fs";
import { ByteStream, DataError, readFailure } from "../core";
import type { Split, StoredPictures } from "./types";

/** Bytes that are read at once where all pictures are read in turn, of large ones one picture. */
const CHUNK_BYTES = 2 ** 22;

/** Open files of this thread; they stay open until it ends. */
const open = new Map<string, number>();

/** A split whose images stay in a file. Its `images` cannot be read: whoever needs values takes {@link imageAt}. */
export function storedSplit(stored: StoredPictures, labels: Split["labels"]): Split {
  const split = { count: labels.length, labels, stored };
  // Not enumerable: a copy of the split has none, and is read by `stored`.
  Object.defineProperty(split, "images", {
    get(): never {
      throw new DataError(
        `images: these pictures are more than the memory they may take, and stay in ${stored.file}; read them with imageAt(split, index, size), or allow more by \`memory\``,
        { file: stored.file },
      );
    },
  });
  return split as unknown as Split;
}

/** The values of an image `[height, width, channels]`, 0..255; of a split in memory a view. `size` is the values of an image. */
export function imageAt(split: Split, index: number, size: number): Uint8Array {
  const { stored } = split;
  if (!stored) return split.images.subarray(index * size, (index + 1) * size);
  const bytes = new Uint8Array(size);
  const at = stored.start + stored.places[index] * size;
  const file = opened(stored.file);
  for (let done = 0; done < size; ) {
    const got = readSync(file, bytes, done, size - done, at + done);
    if (got === 0) throw cutShort(stored.file);
    done += got;
  }
  return bytes;
}

/** Whether the split's images stay in a file. */
export function isStored(split: Split): boolean {
  return split.stored !== undefined;
}

/**
 * Has the system read images that are needed soon into its cache, beside what this thread does now. Of a split in memory
 * nothing is done.
 */
export function readAhead({ stored }: Split, indices: ArrayLike<number>, size: number): void {
  if (!stored) return;
  const file = opened(stored.file);
  for (let i = 0; i < indices.length; i++) {
    const at = stored.start + stored.places[indices[i]] * size;
    // What is read is thrown away: the system keeps it. What fails here is met, and told, by the one who needs it.
    read(file, scratchOf(size), 0, size, at, () => {});
  }
}

/** One for all: nobody looks at it. */
let scratch = new Uint8Array(0);
function scratchOf(size: number): Uint8Array {
  if (scratch.length < size) scratch = new Uint8Array(size);
  return scratch;
}

/** All values of a split in its order, a bounded number of images at a time. */
export function* imageChunks(split: Split, size: number): Generator<Uint8Array> {
  if (!split.stored) {
    yield split.images;
    return;
  }
  const most = Math.max(1, Math.floor(CHUNK_BYTES / size));
  for (let from = 0; from < split.count; from += most) {
    const count = Math.min(most, split.count - from);
    const chunk = new Uint8Array(count * size);
    for (let i = 0; i < count; i++) chunk.set(imageAt(split, from + i, size), i * size);
    yield chunk;
  }
}

/** Images with the given indices in memory, whatever the split's are in. */
export function imagesInMemory(split: Split, indices: ArrayLike<number>, size: number): Uint8Array {
  const images = new Uint8Array(indices.length * size);
  for (let at = 0; at < indices.length; at++) images.set(imageAt(split, indices[at], size), at * size);
  return images;
}

/** A split's images as a fingerprint takes them: named as an array of the same bytes is. */
export function imageStream(split: Split): ByteStream | Uint8Array {
  if (!split.stored) return split.images;
  const { size } = split.stored;
  return new ByteStream(split.count * size, () => imageChunks(split, size));
}

function opened(path: string): number {
  const known = open.get(path);
  if (known !== undefined) return known;
  try {
    const file = openSync(path, "r");
    open.set(path, file);
    return file;
  } catch (cause) {
    throw new DataError(
      `decoded pictures: ${path} must be readable, and ${readFailure(cause)}; load the data set again, which decodes it anew`,
      { file: path },
      { cause },
    );
  }
}

/** Closes a file that was read by this thread, so that another may take its place. */
export function closeStored(path: string): void {
  const file = open.get(path);
  if (file === undefined) return;
  closeSync(file);
  open.delete(path);
}

function cutShort(path: string): DataError {
  return new DataError(
    `decoded pictures: ${path} must hold all pictures, and ends before; delete it and load the data set again, which decodes it anew`,
    { file: path },
  );
}
