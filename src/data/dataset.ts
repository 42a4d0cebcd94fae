import { DataError, fingerprint, Rng } from "../core";
import { checkDataset, checkRawDataset } from "./check-dataset";
import { stratifiedParts, takeImages } from "./holdout";
import { imageSize } from "./image-shape";
import { measurePreprocessing } from "./preprocessing";
import type { Dataset, RawDataset, Split } from "./types";

export interface DivisionOptions {
  /** Decides which images are held out. */
  readonly seed: number;
  /** Images held out of the training file. */
  readonly validationCount: number;
  /** Images to train on, of those that are left; all unless given. */
  readonly trainCount?: number;
  /** Images of the test file; all unless given. */
  readonly testCount?: number;
}

/**
 * Holds validation images out of the training file, class by class, and measures the preprocessing on the training part.
 * @throws DataError when more images are asked for than there are, a part would have none, or the source is malformed (see
 *   {@link checkDataset}).
 */
export function prepareDataset(raw: RawDataset, options: DivisionOptions): Dataset {
  checkRawDataset(raw);
  const { seed, validationCount } = options;
  const { trainCount = Math.max(0, raw.train.count - validationCount), testCount = raw.test.count } = options;
  const rng = new Rng(seed).fork("data");
  const size = imageSize(raw.shape);
  const where = `data set "${raw.name}"`;
  for (const [part, count] of Object.entries({ validationCount, trainCount, testCount })) {
    if (count >= 1 || (part === "trainCount" && validationCount > raw.train.count)) continue;
    const why =
      options.trainCount === undefined && part === "trainCount"
        ? `, all but the ${validationCount} validation images`
        : "";
    throw new DataError(`${where}: ${part} must be a whole number from 1, got ${count}${why} of ${raw.train.count}`, {
      [part]: count,
    });
  }
  const [held, kept] = stratifiedParts(
    raw.train.labels,
    [validationCount, trainCount],
    rng.fork("train"),
    `${where}, validation + training`,
  );
  const [tested] = stratifiedParts(raw.test.labels, [testCount], rng.fork("test"), `${where}, test`);
  const train = takeImages(raw.train, kept, size);
  const validation = takeImages(raw.train, held, size);
  const test = testCount === raw.test.count ? raw.test : takeImages(raw.test, tested, size);
  const { name, classes, shape } = raw;
  const parts = { name, classes, shape, train, validation, test, preprocessing: measurePreprocessing(train, shape) };
  const data = { ...parts, fingerprint: datasetFingerprint(parts) };
  checkDataset(data, where);
  return data;
}

/**
 * Names everything of a data set that changes a result: images, labels and their division, preprocessing, shape, classes in
 * their order. Computed from what is there: the `fingerprint` of a data set that was changed by hand may be another's.
 */
export function datasetFingerprint({
  classes,
  shape,
  preprocessing,
  train,
  validation,
  test,
}: Omit<Dataset, "name" | "fingerprint">): string {
  const splits = [train, validation, test].map(splitFingerprint);
  return fingerprint({ classes, shape, preprocessing, splits });
}

/** Names a split's images and labels, in their order; labels of another width are the same labels. */
export function splitFingerprint({ count, images, labels }: Split): string {
  return fingerprint([count, images, Int32Array.from(labels)]);
}
