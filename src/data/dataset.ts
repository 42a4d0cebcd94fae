import { checkOptions, DataError, fingerprint, type OptionRules, Rng, rule } from "../core";
import { checkDataset, checkRawDataset } from "./check-dataset";
import { classCounts, stratifiedParts, takeImages } from "./holdout";
import { imageSize } from "./image-shape";
import { measurePreprocessing } from "./preprocessing";
import { imageStream } from "./stored-pictures";
import type { Dataset, RawDataset, Split } from "./types";

export interface DivisionOptions {
  /** Decides which images are held out. */
  readonly seed: number;
  /**
   * Images held out of the training file, or of the source's own validation images where it has some. When left out:
   * {@link VALIDATION_IMAGES}, of a set of fewer than four times as many a tenth, at least one a class; all of a source's own.
   */
  readonly validationCount?: number;
  /** Images to train on, of those that are left; all unless given. */
  readonly trainCount?: number;
  /**
   * Images of the test file; all unless given. A source without one has them drawn from the training file: a fifth, at least
   * one a class, unless given.
   */
  readonly testCount?: number;
}

/** Counts are checked against what there is, see {@link partCounts}. */
const DIVISION_RULES: OptionRules<DivisionOptions> = {
  seed: rule.whole,
  validationCount: rule.any,
  trainCount: rule.any,
  testCount: rule.any,
};

/** Images that are held out for validation by default. */
export const VALIDATION_IMAGES = 5000;

/**
 * Holds validation images (and test images, where the source has none) out of the training file, class by class, and
 * measures the preprocessing on the training part. A class is in every part as far as it has images enough; where it is not,
 * `remarks` say so.
 * @throws DataError when more images are asked for than there are, a part would have none, or the source is malformed (see
 *   {@link checkDataset}).
 */
export function prepareDataset(raw: RawDataset, options: DivisionOptions): Dataset {
  checkOptions("prepareDataset", options, DIVISION_RULES);
  checkRawDataset(raw);
  const where = `data set "${raw.name}"`;
  const { name, classes, shape } = raw;
  const size = imageSize(shape);
  const { test: testCount, validation: validationCount, train: trainCount } = partCounts(raw, options, where);
  const rng = new Rng(options.seed).fork("data");
  const everyClass = { everyClass: true };
  // What a source has of its own is taken from there, all else from its training file: test, then validation, then training.
  const own = { test: raw.test, validation: raw.validation };
  const drawn = [...(own.test ? [] : [testCount]), ...(own.validation ? [] : [validationCount]), trainCount];
  const names = [...(own.test ? [] : ["test"]), ...(own.validation ? [] : ["validation"]), "training"].join(" + ");
  const parts = stratifiedParts(raw.train.labels, drawn, rng.fork("train"), `${where}, ${names}`, everyClass);
  const ofTrain = (indices: Uint32Array | undefined) => takeImages(raw.train, indices as Uint32Array, size);
  const ofOwn = (split: Split, count: number, part: string) => {
    const [indices] = stratifiedParts(split.labels, [count], rng.fork(part), `${where}, ${part}`, everyClass);
    return count === split.count ? split : takeImages(split, indices, size);
  };
  const test = own.test ? ofOwn(own.test, testCount, "test") : ofTrain(parts.shift());
  const validation = own.validation ? ofOwn(own.validation, validationCount, "validation") : ofTrain(parts.shift());
  const train = ofTrain(parts.shift());
  const split = { name, classes, shape, train, validation, test, preprocessing: measurePreprocessing(train, shape) };
  const remarks = [...(raw.remarks ?? []), ...missingClasses(split, own)];
  const data = {
    ...split,
    fingerprint: datasetFingerprint(split),
    ...(remarks.length > 0 && { remarks }),
  };
  checkDataset(data, where);
  return data;
}

interface PartCounts {
  readonly test: number;
  readonly validation: number;
  readonly train: number;
}

/** How many images each part has. @throws DataError unless each is a whole number from 1. */
function partCounts(raw: RawDataset, options: DivisionOptions, where: string): PartCounts {
  const sizes = classCounts(raw.train.labels, raw.classes.length);
  const all = raw.train.count;
  /** A share of the training file, at least one image of each class that has images for so many parts. */
  const share = (of: number, parts: number) =>
    Math.max(1, Math.round(all * of), sizes.filter((count) => count >= parts).length);
  const test = options.testCount ?? raw.test?.count ?? share(1 / 5, 3);
  const usual = all >= 4 * VALIDATION_IMAGES ? VALIDATION_IMAGES : share(1 / 10, 2);
  const validation = options.validationCount ?? raw.validation?.count ?? usual;
  const heldOut = (raw.test ? 0 : test) + (raw.validation ? 0 : validation);
  const train = options.trainCount ?? Math.max(0, all - heldOut);
  checkEnough(raw, { test, validation, train: options.trainCount }, where);
  for (const [part, count] of Object.entries({ validationCount: validation, trainCount: train, testCount: test })) {
    if (count >= 1) continue;
    throw new DataError(`${where}: ${part} must be a whole number from 1, got ${count}`, {
      [part]: count,
      byUser: true,
    });
  }
  return { test, validation, train };
}

/** @throws DataError when parts need more images than there are, naming the options that change it. */
function checkEnough(
  raw: RawDataset,
  { test, validation, train }: { readonly test: number; readonly validation: number; readonly train?: number },
  where: string,
): void {
  for (const [part, count] of [
    ["test", test],
    ["validation", validation],
  ] as const) {
    const own = raw[part]?.count;
    if (own === undefined || count <= own) continue;
    throw new DataError(
      `${where}: ${part}Count must be at most its ${own} ${part} images, got ${count}; ask for fewer (in an experiment's file under "data"), or add images`,
      { [`${part}Count`]: count, available: own, byUser: true },
    );
  }
  const parts = [
    ...(raw.test ? [] : [[test, "to test on", "testCount"] as const]),
    ...(raw.validation ? [] : [[validation, "to validate on", "validationCount"] as const]),
    [train ?? 1, train === undefined ? "at least to train on" : "to train on", "trainCount"] as const,
  ];
  const needed = parts.reduce((sum, [count]) => sum + count, 0);
  const all = raw.train.count;
  // What is no whole number is told with its name.
  if (!(needed > all) || !parts.every(([count]) => Number.isInteger(count))) return;
  const list = parts.map(([count, words]) => `${count} ${words}`).join(", ");
  throw new DataError(
    `${where}: its ${all} training ${all === 1 ? "image" : "images"} must be enough for all parts drawn from them, and these need ${needed}: ${list}; add images, or ask for fewer by ${parts.map(([, , option]) => option).join(", ")} (in an experiment's file under "data")`,
    { available: all, needed, byUser: true },
  );
}

/** How many classes a remark names. */
const NAMED = 5;

/** Says which classes have no image in a part: they are not learnt, or their accuracy is not measured there. */
function missingClasses(
  { classes, ...splits }: Pick<Dataset, "classes" | "train" | "validation" | "test">,
  own: { readonly validation?: Split; readonly test?: Split },
): string[] {
  return (["train", "validation", "test"] as const).flatMap((part) => {
    const counts = classCounts(splits[part].labels, classes.length);
    const absent = classes.filter((_, i) => counts[i] === 0);
    if (absent.length === 0) return [];
    const source = part === "train" ? undefined : own[part];
    const there = source && classCounts(source.labels, classes.length);
    const none = there && absent.every((name) => there[classes.indexOf(name)] === 0);
    const more = absent.length > NAMED ? ` and ${absent.length - NAMED} more` : "";
    const names = `${absent.length === 1 ? "class" : `${absent.length} classes:`} ${absent.slice(0, NAMED).join(", ")}${more}`;
    return [`${part} has no image of ${names} (${none ? "the source has none there" : "too few images"}).`];
  });
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
}: Omit<Dataset, "name" | "fingerprint" | "remarks">): string {
  const splits = [train, validation, test].map(splitFingerprint);
  return fingerprint({ classes, shape, preprocessing, splits });
}

/** Names of splits whose images stay in a file, with their labels' names: reading all of them takes a while. */
const known = new WeakMap<object, { readonly labels: string; readonly name: string }>();

/**
 * Names a split's images and labels, in their order; labels of another width are the same labels, and images in a file are
 * those in memory.
 */
export function splitFingerprint(split: Split): string {
  const { count, labels, stored } = split;
  const name = () => fingerprint([count, imageStream(split), Int32Array.from(labels)]);
  if (!stored) return name();
  // Labels may be changed by hand, the file is not.
  const ofLabels = fingerprint(Int32Array.from(labels));
  const before = known.get(stored);
  if (before?.labels === ofLabels) return before.name;
  const named = { labels: ofLabels, name: name() };
  known.set(stored, named);
  return named.name;
}
