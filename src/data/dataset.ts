import { createHash } from "node:crypto";
import { Rng } from "../core";
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
 * @throws DataError when more images are asked for than there are.
 */
export function prepareDataset(raw: RawDataset, options: DivisionOptions): Dataset {
  const { seed, validationCount } = options;
  const { trainCount = Math.max(0, raw.train.count - validationCount), testCount = raw.test.count } = options;
  const rng = new Rng(seed).fork("data");
  const size = imageSize(raw.shape);
  const where = `data set "${raw.name}"`;
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
  const preprocessing = measurePreprocessing(train, shape);
  return {
    name,
    classes,
    shape,
    train,
    validation,
    test,
    preprocessing,
    fingerprint: fingerprint([train, validation, test]),
  };
}

function fingerprint(splits: readonly Split[]): string {
  const hash = createHash("sha256");
  for (const { count, images, labels } of splits) hash.update(`${count};`).update(labels).update(images);
  return hash.digest("hex").slice(0, 16);
}
