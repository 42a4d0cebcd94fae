import { DataError, shown } from "../core";
import { type ImageShape, imageSize } from "./image-shape";
import type { Dataset, Preprocessing, RawDataset, Split, StoredPictures } from "./types";

/**
 * Checks a data set that is ready to use: all that a source may get wrong, and that would give nonsense later.
 * @param where Begins the message.
 * @throws DataError when a split has no images, its arrays are of another type or length, a label is beyond the classes, a
 *   class name comes twice, or the preprocessing is not one finite mean and positive deviation a channel, on the scale 0..1.
 */
export function checkDataset(data: Dataset, where = `data set "${data.name}"`): void {
  checkHead(data, where);
  for (const name of ["train", "validation", "test"] as const) checkSplit(data[name], data, `${where}, ${name}`);
  checkPreprocessing(data.preprocessing, data.shape, where);
  checkPreprocessingScale(data.preprocessing, where);
}

/** Checks what a source gives before it is divided. @throws DataError as {@link checkDataset}. */
export function checkRawDataset(data: RawDataset, where = `data set "${data?.name}"`): void {
  checkHead(data, where);
  checkSplit(data.train, data, `${where}, train`);
  for (const name of ["validation", "test"] as const) {
    const split = data[name];
    if (split !== undefined) checkSplit(split, data, `${where}, ${name}`);
  }
}

/** @throws DataError unless there is one finite mean and one positive deviation a channel. */
export function checkPreprocessing(preprocessing: Preprocessing, { channels }: ImageShape, where: string): void {
  const { mean, std } = preprocessing ?? {};
  const holds = (values: unknown, good: (value: number) => boolean) =>
    Array.isArray(values) && values.length === channels && values.every((v) => Number.isFinite(v) && good(v));
  if (holds(mean, () => true) && holds(std, (value) => value > 0)) return;
  throw new DataError(
    `${where}: preprocessing must have a finite mean and a std above 0 for each of ${channels} channels, got mean ${shown(mean)} and std ${shown(std)}`,
    { preprocessing },
  );
}

/**
 * Checks a preprocessing that somebody gives; one that lies in a file of before is not asked. Pixels are on the scale 0..1, where
 * neither a mean nor a deviation is above 1: numbers of the scale 0..255 would make all images nearly the same.
 * @throws DataError with the numbers that are meant.
 */
export function checkPreprocessingScale({ mean, std }: Preprocessing, where: string): void {
  if ([...mean, ...std].every((value) => value <= 1)) return;
  const list = (values: readonly number[]) => `[${values.map((value) => Number(value.toPrecision(6))).join(", ")}]`;
  const scaled = (values: readonly number[]) => list(values.map((value) => value / 255));
  throw new DataError(
    `${where}: preprocessing must be on the scale 0..1, to which pixels are brought, with no mean and no std above 1, got mean ${list(mean)} and std ${list(std)}; where these are of the scale 0..255, divide them by 255: { mean: ${scaled(mean)}, std: ${scaled(std)} }`,
    { mean, std },
  );
}

function checkHead({ name, classes, shape }: Pick<RawDataset, "name" | "classes" | "shape">, where: string): void {
  if (typeof name !== "string" || name === "") {
    throw new DataError(`${where}: name must be a text that is not empty, got ${shown(name)}`);
  }
  const sides = [shape?.height, shape?.width, shape?.channels];
  if (!sides.every((side) => Number.isSafeInteger(side) && side >= 1)) {
    throw new DataError(
      `${where}: shape must be { height, width, channels }, whole numbers from 1, got ${shown(shape)}`,
    );
  }
  if (!Array.isArray(classes) || classes.length === 0 || !classes.every((name) => typeof name === "string")) {
    throw new DataError(`${where}: classes must be a list of names, at least one, got ${shown(classes)}`);
  }
  // There may be thousands.
  const all = new Set(classes).size === classes.length;
  const twice = all ? undefined : classes.find((name, i) => classes.indexOf(name) !== i);
  if (twice !== undefined) {
    throw new DataError(`${where}: class names must differ, got "${twice}" twice; rename one`, { name: twice });
  }
}

function checkSplit(split: Split, { classes, shape }: Pick<RawDataset, "classes" | "shape">, where: string): void {
  const { count, labels, stored } = split ?? {};
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new DataError(`${where}: count must be a whole number from 1, got ${shown(count)}: give it some images`, {
      count,
    });
  }
  const size = imageSize(shape);
  if (stored) checkStored(stored, count, size, where);
  else checkBytes(split.images, count, size, where);
  if (!ArrayBuffer.isView(labels) || !Number.isInteger((labels as Uint8Array).length)) {
    throw new DataError(
      `${where}: labels must be a typed array of whole numbers, e.g. Uint8Array, got ${kindOf(labels)}`,
    );
  }
  if (labels.length !== count) {
    throw new DataError(`${where}: labels must be ${count}, one an image, got ${labels.length}`, {
      count,
      got: labels.length,
    });
  }
  for (let i = 0; i < count; i++) {
    if (labels[i] >= 0 && labels[i] < classes.length && Number.isInteger(labels[i])) continue;
    throw new DataError(
      `${where}: labels must be 0 to ${classes.length - 1}, the places in its ${classes.length} classes, got ${labels[i]} for image ${i}`,
      { image: i, label: labels[i], classes: classes.length },
    );
  }
}

function checkBytes(images: unknown, count: number, size: number, where: string): void {
  if (!(images instanceof Uint8Array)) {
    throw new DataError(`${where}: images must be a Uint8Array of bytes, 0 to 255, got ${kindOf(images)}`);
  }
  if (images.length === count * size) return;
  throw new DataError(
    `${where}: images must have ${count} x ${size} = ${count * size} bytes (count x height x width x channels), got ${images.length}`,
    { count, size, got: images.length },
  );
}

function checkStored(stored: StoredPictures, count: number, size: number, where: string): void {
  if (stored.places?.length === count && stored.size === size) return;
  throw new DataError(
    `${where}: stored must have a place for each of ${count} images of ${size} bytes, got ${stored.places?.length} of ${stored.size}`,
    { count, size, got: stored.places?.length },
  );
}

function kindOf(value: unknown): string {
  return value === null || value === undefined ? "nothing" : (Object(value).constructor?.name ?? typeof value);
}
