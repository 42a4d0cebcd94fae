import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { extract as unpack } from "tar";
import { DataError, type StepContext } from "../core";
import { cacheFolder } from "./cache-folder";
import { findData, hasFiles, isFolder } from "./data-places";
import { downloadAll } from "./download";
import { type PictureOptions, readPictures } from "./pictures";
import { refuseShape } from "./refuse-shape";
import type { RawDataset, Split } from "./types";

/** Krizhevsky, "Learning multiple layers of features from tiny images", 2009. */
const CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const PLANE = 32 * 32;
const SHAPE = { height: 32, width: 32, channels: 3 };
/** One label byte, then the red, green and blue planes. */
const RECORD = 1 + 3 * PLANE;
const MEND =
  "unpack cifar-10-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html, and set BLOCKWISE_DATA to the folder that then holds cifar-10-batches-bin (or name that one with `root`)";
const FOLDER = "cifar-10-batches-bin";
const TRAIN = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const TEST = "test_batch.bin";
const ARCHIVE = {
  urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
};

/** Names under which the images are found in a folder of data sets: the authors' files, or pictures in folders or zip files. */
const NAMES = [FOLDER, "cifar-10", "cifar10", "cifar-10.zip", "cifar10.zip", "cifar10-jpeg.zip", "cifar10-jpeg"];

/**
 * CIFAR-10: 50,000 + 10,000 colour images of 32x32 in 10 classes.
 *
 * `root` names the folder of the binary version (`data_batch_1.bin` ...), or pictures: an image folder
 * `train/<class>/*.jpg`, `test/<class>/*.jpg`, or a zip file of one. Without it they are looked for in the folder of
 * `BLOCKWISE_DATA` and in the cache; the binary version is downloaded into the cache if need be.
 * @throws DataError when files are absent, damaged, or cannot be downloaded.
 */
export async function cifar10(
  root: string | undefined,
  context: StepContext,
  options: PictureOptions = {},
): Promise<RawDataset> {
  refuseShape("cifar-10", options);
  const place = root ?? findCifar10() ?? (await downloaded(context));
  if (isPictures(place)) {
    const known = { classes: CLASSES, exact: true };
    return readPictures("cifar-10", place, { shape: [32, 32, 3], strict: true }, context, known);
  }
  return { name: "cifar-10", classes: CLASSES, shape: SHAPE, ...readBinary(place) };
}

/** Where the images lie on this machine, undefined when they do not. */
export function findCifar10(): string | undefined {
  return findData((folder) => {
    if (isBinary(folder)) return folder;
    for (const name of NAMES) {
      const place = join(folder, name);
      const inner = join(place, FOLDER);
      if (isBinary(place) || isPictures(place)) return place;
      if (isBinary(inner)) return inner;
    }
    return undefined;
  });
}

/** A zip file, or a folder with `train/`. */
function isPictures(place: string): boolean {
  return isFolder(place) ? existsSync(join(place, "train")) : /\.zip$/i.test(place) && existsSync(place);
}

function isBinary(folder: string): boolean {
  return hasFiles(folder, [...TRAIN, TEST]);
}

async function downloaded(context: StepContext): Promise<string> {
  const cache = cacheFolder();
  const archive = join(cache, "cifar-10-binary.tar.gz");
  await downloadAll("cifar-10", [{ ...ARCHIVE, path: archive }], MEND, context);
  // Unpacked beside its place and then put there: a folder in its place is whole.
  const folder = join(cache, FOLDER);
  const beside = mkdtempSync(join(cache, ".cifar-10-"));
  try {
    await unpack({ file: archive, cwd: beside });
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(beside, FOLDER), folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  rmSync(archive);
  return folder;
}

function readBinary(folder: string): Pick<RawDataset, "train" | "test"> {
  return { train: joined(TRAIN.map((file) => readRecords(join(folder, file)))), test: readRecords(join(folder, TEST)) };
}

function readRecords(path: string): Split & { readonly labels: Uint8Array } {
  if (!existsSync(path)) throw new DataError(`cifar-10: ${path} must exist, and does not; ${MEND}`, { path });
  const bytes = statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
  if (bytes.length === 0 || bytes.length % RECORD !== 0) {
    throw new DataError(
      `cifar-10: ${path} must be whole records of ${RECORD} bytes, got ${bytes.length} bytes: it is truncated or another file; ${MEND}`,
      { path, got: bytes.length },
    );
  }
  const count = bytes.length / RECORD;
  const images = new Uint8Array(count * 3 * PLANE);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = i * RECORD;
    labels[i] = bytes[at];
    if (labels[i] >= CLASSES.length) {
      throw new DataError(`cifar-10: ${path} must have labels 0..9, got ${labels[i]} in record ${i}; ${MEND}`, {
        path,
        record: i,
      });
    }
    for (let p = 0; p < PLANE; p++) {
      for (let c = 0; c < 3; c++) images[(i * PLANE + p) * 3 + c] = bytes[at + 1 + c * PLANE + p];
    }
  }
  return { count, images, labels };
}

function joined(parts: readonly ReturnType<typeof readRecords>[]): Split {
  return {
    count: parts.reduce((sum, { count }) => sum + count, 0),
    images: concatenated(parts.map(({ images }) => images)),
    labels: concatenated(parts.map(({ labels }) => labels)),
  };
}

function concatenated(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
