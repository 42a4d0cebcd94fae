import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { extract as unpack } from "tar";
import { DataError, type StepContext } from "../core";
import { cacheFolder } from "./cache-folder";
import { downloadAll } from "./download";
import { isPictures, readPictures } from "./pictures";
import type { RawDataset, Split } from "./types";

/** Krizhevsky, "Learning multiple layers of features from tiny images", 2009. */
const CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const PLANE = 32 * 32;
const SHAPE = { height: 32, width: 32, channels: 3 };
/** One label byte, then the red, green and blue planes. */
const RECORD = 1 + 3 * PLANE;
const MEND =
  "unpack cifar-10-binary.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html and name its folder with `root`";
const FOLDER = "cifar-10-batches-bin";
const TRAIN = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const TEST = "test_batch.bin";
const ARCHIVE = {
  urls: ["https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"],
  sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
};

/**
 * CIFAR-10: 50,000 + 10,000 colour images of 32x32 in 10 classes.
 *
 * `root` names the folder of the binary version (`data_batch_1.bin` ...), or pictures: an image folder
 * `train/<class>/*.jpg`, `test/<class>/*.jpg`, or a zip file of one. Without it the binary version is taken from
 * `cifar-10-batches-bin` in the cache, downloaded into it first if need be.
 * @throws DataError when files are absent, damaged, or cannot be downloaded.
 */
export async function cifar10(root: string | undefined, context: StepContext): Promise<RawDataset> {
  const { train, test } =
    root && isPictures(root)
      ? await readPictures("cifar-10", root, { classes: CLASSES, shape: SHAPE }, context)
      : readBinary(root ?? (await findOrDownload(context)));
  return { name: "cifar-10", classes: CLASSES, shape: SHAPE, train, test };
}

async function findOrDownload(context: StepContext): Promise<string> {
  const folder = join(cacheFolder(), FOLDER);
  if ([...TRAIN, TEST].every((file) => existsSync(join(folder, file)))) return folder;
  const archive = join(cacheFolder(), "cifar-10-binary.tar.gz");
  await downloadAll("cifar-10", [{ ...ARCHIVE, path: archive }], MEND, context);
  await unpack({ file: archive, cwd: cacheFolder() });
  rmSync(archive);
  return folder;
}

function readBinary(folder: string): Pick<RawDataset, "train" | "test"> {
  return { train: joined(TRAIN.map((file) => readRecords(join(folder, file)))), test: readRecords(join(folder, TEST)) };
}

function readRecords(path: string): Split {
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

function joined(parts: readonly Split[]): Split {
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
