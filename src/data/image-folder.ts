import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { breathe, DataError, Progress, type StepContext } from "../core";
import { type ImageShape, imageSize } from "./image-shape";
import { readImage } from "./read-image";
import type { DatasetSource } from "./registry";
import type { RawDataset, Split } from "./types";

const IMAGE = /\.(png|jpe?g|webp|tiff?|gif)$/i;
/** How many damaged files a message lists; `details` has all. */
const LISTED = 5;

/**
 * A source for {@link registerDataset}: images sorted into folders, `<root>/train/<class>/*` and `<root>/test/<class>/*`,
 * each scaled to `shape`. Classes are the names of the training folders in alphabetical order.
 */
export function imageFolder(name: string, shape: ImageShape): DatasetSource {
  return async (root, context) => {
    if (!root) throw new DataError(`${name}: an image folder must be named with \`root\`, got none`, { name });
    const classes = subfolders(join(root, "train"), name);
    if (classes.length > 256) {
      throw new DataError(`${name}: at most 256 classes are supported, got ${classes.length} folders`, { root });
    }
    const train = await readPart(name, join(root, "train"), classes, shape, context);
    const test = await readPart(name, join(root, "test"), classes, shape, context);
    return { name, classes, shape, train, test } satisfies RawDataset;
  };
}

function subfolders(folder: string, name: string): string[] {
  const found = existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
  const classes = found.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  if (classes.length === 0) {
    throw new DataError(
      `${name}: ${folder} must hold one folder a class, and has none; see the layout of imageFolder`,
      {
        folder,
      },
    );
  }
  return classes.sort();
}

async function readPart(
  name: string,
  folder: string,
  classes: readonly string[],
  shape: ImageShape,
  context: StepContext,
): Promise<Split> {
  const strangers = subfolders(folder, name).filter((label) => !classes.includes(label));
  if (strangers.length > 0) {
    throw new DataError(`${name}: ${folder} must have the classes of train, got also ${strangers.join(", ")}`, {
      folder,
    });
  }
  const files = classes.flatMap((label, i) => imagesIn(join(folder, label)).map((path) => ({ path, label: i })));
  const size = imageSize(shape);
  const images = new Uint8Array(files.length * size);
  const damaged: string[] = [];
  const progress = new Progress(context, `read ${folder}`, files.length, "images");
  for (const [at, { path }] of files.entries()) {
    try {
      images.set((await readImage(path, shape)).values, at * size);
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      damaged.push(path);
    }
    progress.advance();
    if (at % 100 === 99) await breathe();
  }
  if (damaged.length > 0) {
    const more = damaged.length > LISTED ? `, and ${damaged.length - LISTED} more` : "";
    throw new DataError(
      `${name}: every image must be readable, ${damaged.length} of ${files.length} are not: ${damaged.slice(0, LISTED).join(", ")}${more}; delete or replace them`,
      { damaged },
    );
  }
  return { count: files.length, images, labels: Uint8Array.from(files, ({ label }) => label) };
}

function imagesIn(folder: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((file) => IMAGE.test(file));
  return names.sort().map((file) => join(folder, file));
}
