import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { unzipSync } from "fflate";
import sharp from "sharp";
import { breathe, DataError, Progress, type StepContext, writeAtomic } from "../core";
import { cacheFolder } from "./cache-folder";
import { type ImageShape, imageSize } from "./image-shape";
import type { RawDataset, Split } from "./types";

const PICTURE = /\.(jpe?g|png)$/i;
const PARTS = ["train", "test"] as const;
/** Pictures decoded at once, between two breaths. */
const TOGETHER = 64;

/** Whether a place holds pictures by class: a zip file, or a folder with `train/`. */
export function isPictures(place: string): boolean {
  return existsSync(place) && (statSync(place).isFile() ? /\.zip$/i.test(place) : existsSync(join(place, "train")));
}

/**
 * Reads `train/<class>/*` and `test/<class>/*` of the exact shape, in alphabetical order, from a folder or a zip file of
 * it. What was decoded is kept in the cache under the files' names and sizes, so that another call takes a moment.
 * @throws DataError for a class that is not among `classes`, a damaged picture or one of another size.
 */
export async function readPictures(
  name: string,
  place: string,
  { classes, shape }: Pick<RawDataset, "classes" | "shape">,
  context: StepContext,
): Promise<Pick<RawDataset, "train" | "test">> {
  const files = statSync(place).isFile() ? zipped(name, place) : inFolder(place);
  const size = imageSize(shape);
  const hash = createHash("sha256").update(JSON.stringify([classes, shape]));
  for (const { path, bytes } of files) hash.update(`${path} ${bytes};`);
  const kept = join(cacheFolder(), `${name}-pictures-${hash.digest("hex").slice(0, 16)}.bin`);
  const counts = PARTS.map((part) => files.filter(({ path }) => path.startsWith(`${part}/`)).length);
  if (!existsSync(kept) || statSync(kept).size !== files.length * (size + 1)) {
    writeAtomic(kept, await decoded(name, files, classes, shape, context));
  }
  const bytes = readFileSync(kept);
  const labels = bytes.subarray(files.length * size);
  // The files are sorted, so that test comes before train.
  const split = (from: number, count: number): Split => ({
    count,
    images: new Uint8Array(bytes.subarray(from * size, (from + count) * size)),
    labels: new Uint8Array(labels.subarray(from, from + count)),
  });
  const [trainCount, testCount] = counts;
  return { train: split(testCount, trainCount), test: split(0, testCount) };
}

interface Picture {
  /** `train/<class>/<file>` */
  readonly path: string;
  readonly bytes: number;
  readonly read: () => Uint8Array;
}

function zipped(name: string, place: string): Picture[] {
  try {
    const entries = unzipSync(readFileSync(place), { filter: ({ name: entry }) => PICTURE.test(entry) });
    return sorted(Object.entries(entries).map(([path, data]) => ({ path, bytes: data.length, read: () => data })));
  } catch (cause) {
    throw new DataError(
      `${name}: ${basename(place)} must be a whole zip file, and is not (${(cause as Error).message}); fetch it anew`,
      { place },
      { cause },
    );
  }
}

function inFolder(place: string): Picture[] {
  const found = PARTS.flatMap((part) =>
    existsSync(join(place, part))
      ? readdirSync(join(place, part), { recursive: true }).map((file) => `${part}/${file}`)
      : [],
  );
  return sorted(
    found
      .filter((path) => PICTURE.test(path))
      .map((path) => {
        const file = join(place, path);
        return { path, bytes: statSync(file).size, read: () => readFileSync(file) };
      }),
  );
}

function sorted(files: Picture[]): Picture[] {
  return files
    .filter(({ path }) => PARTS.some((part) => path.startsWith(`${part}/`)))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** All values, picture after picture, then all labels. */
async function decoded(
  name: string,
  files: readonly Picture[],
  classes: readonly string[],
  shape: ImageShape,
  context: StepContext,
): Promise<Uint8Array> {
  const size = imageSize(shape);
  const all = new Uint8Array(files.length * (size + 1));
  const progress = new Progress(context, `decode ${name}`, files.length, "images");
  for (let from = 0; from < files.length; from += TOGETHER) {
    const group = files.slice(from, from + TOGETHER);
    const values = await Promise.all(group.map((file) => decode(name, file, shape)));
    values.forEach((value, i) => {
      const label = classes.indexOf(group[i].path.split("/")[1]);
      if (label < 0) {
        throw new DataError(`${name}: ${group[i].path} must lie in one of the folders ${classes.join(", ")}`, {
          path: group[i].path,
        });
      }
      all.set(value, (from + i) * size);
      all[files.length * size + from + i] = label;
    });
    progress.advance(group.length);
    await breathe();
  }
  return all;
}

async function decode(name: string, { path, read }: Picture, shape: ImageShape): Promise<Uint8Array> {
  const { height, width, channels } = shape;
  try {
    const { data, info } = await sharp(read())
      .toColourspace(channels === 1 ? "b-w" : "srgb")
      .removeAlpha()
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    if (info.height === height && info.width === width && info.channels === channels) return data;
    throw new Error(`it is ${info.height}x${info.width}x${info.channels}`);
  } catch (cause) {
    throw new DataError(
      `${name}: ${path} must be a picture of ${height}x${width}x${channels}, and is not: ${(cause as Error).message}`,
      { path },
      { cause },
    );
  }
}
