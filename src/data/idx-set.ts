import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder, DataError, type StepContext } from "../core";
import { findData, hasFiles } from "./data-places";
import { type Download, downloadAll } from "./download";
import { readIdx } from "./idx";
import type { PictureOptions } from "./pictures";
import { refuseShape } from "./refuse-shape";
import type { RawDataset, Split } from "./types";

/** A data set in the four IDX files of MNIST: 60,000 + 10,000 greyscale images of 28x28 in 10 classes. */
export interface IdxSet {
  readonly name: string;
  /** Folder under which torchvision keeps its `raw` files. */
  readonly torchvision: string;
  readonly classes: readonly string[];
  /** The published gzip files with their checksums. */
  readonly files: Readonly<Record<string, Pick<Download, "sha256" | "md5">>>;
  readonly mirrors: readonly string[];
  /** Folders of this machine where a system's package puts the files. */
  readonly usual?: readonly string[];
  /** What to do without a network, beside naming a folder. */
  readonly install?: string;
  /**
   * SHA-256 of the test labels, or the first of them, which tell the set from others whose files have the same names; without
   * either the four files are taken only from a folder of the set's name.
   */
  readonly testLabels?: string | readonly number[];
}

/** All sets whose files have the same names. */
const sets: IdxSet[] = [];

/** Makes a set known, so that its files are not taken for another's. */
export function defineIdxSet(set: IdxSet): IdxSet {
  sets.push(set);
  return set;
}

/**
 * Reads the set from `root` alone if given, otherwise from the folder of `BLOCKWISE_DATA` (its folder of the set's name,
 * torchvision's, or the four files themselves), the usual folders and the cache, then downloads it into the cache.
 * @throws DataError when the files cannot be found or fetched, are damaged, or are those of another set.
 */
export async function readIdxSet(
  set: IdxSet,
  root: string | undefined,
  context: StepContext,
  options: PictureOptions = {},
): Promise<RawDataset> {
  refuseShape(set.name, options);
  const folder = root ?? findIdxSet(set) ?? (await downloaded(set, context));
  const train = readPair(set, folder, "train");
  const test = readPair(set, folder, "t10k");
  refuseOthers(set, folder, test.labels as Uint8Array);
  return { name: set.name, classes: set.classes, shape: { height: 28, width: 28, channels: 1 }, train, test };
}

/** The folder of this machine that has all four files, undefined when there is none. */
export function findIdxSet(set: IdxSet): string | undefined {
  const { name, torchvision, usual = [] } = set;
  const look = (folder: string) => {
    const own = [join(folder, name), join(folder, torchvision, "raw")].find((place) => hasAll(set, place));
    return own ?? (hasAll(set, folder) && isSet(set, testLabels(folder)) === true ? folder : undefined);
  };
  return findData(
    look,
    usual.filter((folder) => hasAll(set, folder)),
  );
}

function hasAll({ files }: IdxSet, folder: string): boolean {
  const names = Object.keys(files);
  return (
    hasFiles(folder, names) ||
    hasFiles(
      folder,
      names.map((file) => file.slice(0, -3)),
    )
  );
}

function testLabels(folder: string): Uint8Array {
  return readIdx(findFile("data set", folder, "t10k-labels", "idx1-ubyte"), 1).data;
}

/** Whether the labels are the set's; undefined where nothing is known of them. */
function isSet({ testLabels: own }: IdxSet, labels: Uint8Array): boolean | undefined {
  if (own === undefined) return undefined;
  if (typeof own === "string") return createHash("sha256").update(labels).digest("hex") === own;
  return own.every((label, i) => labels[i] === label);
}

/** @throws DataError when the files are known to be another set's. */
function refuseOthers(set: IdxSet, folder: string, labels: Uint8Array): void {
  const other = sets.find((known) => known !== set && isSet(known, labels) === true);
  if (!other) return;
  throw new DataError(
    `${set.name}: ${folder} must hold the files of ${set.name}, and holds those of ${other.name}, which have the same names; load "${other.name}", or name another folder`,
    { folder, found: other.name },
  );
}

async function downloaded({ name, files, mirrors, install }: IdxSet, context: StepContext): Promise<string> {
  const folder = join(cacheFolder(), name);
  const downloads = Object.entries(files).map(([file, checksums]): Download => {
    return { urls: mirrors.map((mirror) => `${mirror}/${file}`), ...checksums, path: join(folder, file) };
  });
  await downloadAll(
    name,
    downloads,
    `${install ? `${install}, or ` : ""}set BLOCKWISE_DATA to a folder with ${name}/${Object.keys(files)[0]} and the other three files (or name their folder with \`root\`)`,
    context,
  );
  return folder;
}

function readPair({ name, classes }: IdxSet, folder: string, part: "train" | "t10k"): Split {
  const images = readIdx(findFile(name, folder, `${part}-images`, "idx3-ubyte"), 3);
  const labels = readIdx(findFile(name, folder, `${part}-labels`, "idx1-ubyte"), 1);
  const [count, height, width] = images.shape;
  if (height !== 28 || width !== 28) {
    throw new DataError(
      `${name}: images in ${folder} must be 28x28, got ${height}x${width}; this is another data set, name its folder's own loader`,
      { folder, shape: images.shape },
    );
  }
  if (labels.shape[0] !== count) {
    throw new DataError(
      `${name}: ${folder} must have one label an image in ${part}, got ${count} images and ${labels.shape[0]} labels; fetch the files anew`,
      { folder, images: count, labels: labels.shape[0] },
    );
  }
  const wrong = labels.data.findIndex((label) => label >= classes.length);
  if (wrong >= 0) {
    throw new DataError(
      `${name}: labels in ${folder} must be 0..9, got ${labels.data[wrong]} at image ${wrong} of ${part}; fetch the files anew`,
      { folder, at: wrong, label: labels.data[wrong] },
    );
  }
  return { count, images: images.data, labels: labels.data };
}

/** The file under any of its usual names: gzipped or plain, with a dash or (Kaggle) a dot. */
function findFile(set: string, folder: string, stem: string, kind: string): string {
  const names = [`${stem}-${kind}.gz`, `${stem}-${kind}`, `${stem}.${kind}.gz`, `${stem}.${kind}`];
  const found = names.find((name) => existsSync(join(folder, name)));
  if (!found) {
    throw new DataError(
      `${set}: ${folder} must hold ${names[0]} or ${names[1]}, and has neither; name the folder with the four IDX files with \`root\``,
      { folder, names },
    );
  }
  return join(folder, found);
}
