import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { extract as unpack } from "tar";
import { cacheFolder, DataError, type StepContext } from "../core";
import { findData, hasFiles, isFolder } from "./data-places";
import { type Download, downloadAll } from "./download";
import { type PictureOptions, readPictures } from "./pictures";
import { refuseShape } from "./refuse-shape";
import type { RawDataset, Split } from "./types";

const PLANE = 32 * 32;
const SHAPE = { height: 32, width: 32, channels: 3 };

/** One of Krizhevsky's two sets of 50,000 + 10,000 colour images of 32x32 ("Learning multiple layers of features", 2009). */
export interface CifarSet {
  readonly name: string;
  readonly classes: readonly string[];
  /** Folder of the binary version, and its files. */
  readonly folder: string;
  readonly train: readonly string[];
  readonly test: string;
  /** Labels before the red, green and blue planes of a record; the last one is the class. */
  readonly labelBytes: number;
  readonly archive: Pick<Download, "sha256" | "md5"> & { readonly file: string; readonly url: string };
  /** Names under which pictures of the set are found in a folder of data sets: folders, or zip files of one. */
  readonly pictures: readonly string[];
}

const mendOf = ({ archive, folder }: CifarSet) =>
  `unpack ${archive.file} of https://www.cs.toronto.edu/~kriz/cifar.html, and set BLOCKWISE_DATA to the folder that then holds ${folder} (or name that one with \`root\`)`;

/**
 * Reads a set: `root` names the folder of the binary version, or pictures: an image folder `train/<class>/*.jpg`,
 * `test/<class>/*.jpg`, or a zip file of one. Without it they are looked for in the folder of `BLOCKWISE_DATA` and in the cache; the
 * binary version is downloaded into the cache if need be.
 * @throws DataError when files are absent, damaged, or cannot be downloaded.
 */
export async function readCifar(
  set: CifarSet,
  root: string | undefined,
  context: StepContext,
  options: PictureOptions = {},
): Promise<RawDataset> {
  const { name, classes } = set;
  refuseShape(name, options);
  const place = root ?? findCifar(set) ?? (await downloaded(set, context));
  if (isPictures(place)) {
    const { memory } = options;
    return readPictures(name, place, { shape: [32, 32, 3], strict: true, memory }, context, { classes, exact: true });
  }
  const train = joined(set.train.map((file) => readRecords(set, join(place, file))));
  return { name, classes, shape: SHAPE, train, test: readRecords(set, join(place, set.test)) };
}

/** Where the images lie on this machine, undefined when they do not. */
export function findCifar(set: CifarSet): string | undefined {
  return findData((folder) => {
    if (isBinary(set, folder)) return folder;
    for (const name of [set.folder, ...set.pictures]) {
      const place = join(folder, name);
      const inner = join(place, set.folder);
      if (isBinary(set, place) || isPictures(place)) return place;
      if (isBinary(set, inner)) return inner;
    }
    return undefined;
  });
}

/** A zip file, or a folder with `train/`. */
function isPictures(place: string): boolean {
  return isFolder(place) ? existsSync(join(place, "train")) : /\.zip$/i.test(place) && existsSync(place);
}

function isBinary({ train, test }: CifarSet, folder: string): boolean {
  return hasFiles(folder, [...train, test]);
}

async function downloaded(set: CifarSet, context: StepContext): Promise<string> {
  const { name, archive, folder: inside } = set;
  const { file, url, ...checksum } = archive;
  const cache = cacheFolder();
  const path = join(cache, file);
  await downloadAll(name, [{ urls: [url], ...checksum, path }], mendOf(set), context);
  // Unpacked beside its place and then put there: a folder in its place is whole.
  const folder = join(cache, inside);
  const beside = mkdtempSync(join(cache, `.${name}-`));
  try {
    await unpack({ file: path, cwd: beside });
    rmSync(folder, { recursive: true, force: true });
    renameSync(join(beside, inside), folder);
  } finally {
    rmSync(beside, { recursive: true, force: true });
  }
  rmSync(path);
  return folder;
}

function readRecords(set: CifarSet, path: string): Split & { readonly labels: Uint8Array } {
  const { name, classes, labelBytes } = set;
  const mend = mendOf(set);
  const record = labelBytes + 3 * PLANE;
  if (!existsSync(path)) throw new DataError(`${name}: ${path} must exist, and does not; ${mend}`, { path });
  const bytes = statSync(path).isFile() ? readFileSync(path) : Buffer.alloc(0);
  if (bytes.length === 0 || bytes.length % record !== 0) {
    throw new DataError(
      `${name}: ${path} must be whole records of ${record} bytes, got ${bytes.length} bytes: it is truncated or another file; ${mend}`,
      { path, got: bytes.length },
    );
  }
  const count = bytes.length / record;
  const images = new Uint8Array(count * 3 * PLANE);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const at = i * record + labelBytes;
    labels[i] = bytes[at - 1];
    if (labels[i] >= classes.length) {
      throw new DataError(
        `${name}: ${path} must have labels 0..${classes.length - 1}, got ${labels[i]} in record ${i}; ${mend}`,
        { path, record: i },
      );
    }
    for (let p = 0; p < PLANE; p++) {
      for (let c = 0; c < 3; c++) images[(i * PLANE + p) * 3 + c] = bytes[at + c * PLANE + p];
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
