import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { checkOptions, DataError, nearestName, type OptionRules, rule, type StepContext, warn } from "../core";
import { cifar10 } from "./cifar10";
import { cifar100 } from "./cifar100";
import { findOwnPictures } from "./data-places";
import { type DivisionOptions, prepareDataset } from "./dataset";
import type { DatasetSource } from "./dataset-source";
import { facesToClassify, syntheticFaces } from "./faces";
import { fashionMnist } from "./fashion-mnist";
import { kmnist, mnist } from "./mnist";
import { MEMORY_RULE, type PictureOptions, readPictures } from "./pictures";
import { refuseShape } from "./refuse-shape";
import { syntheticImages } from "./synthetic";
import type { Dataset } from "./types";

export interface DatasetOptions extends DivisionOptions, PictureOptions {
  /** Folder or zip file with the files; without it the source's usual places are searched. */
  readonly root?: string;
}

/** What each option must be. */
export const DATASET_RULES: OptionRules<DatasetOptions> = {
  seed: rule.whole,
  validationCount: rule.wholeFrom(1),
  trainCount: rule.wholeFrom(1),
  testCount: rule.wholeFrom(1),
  shape: rule.any,
  strict: rule.boolean,
  memory: MEMORY_RULE,
  root: rule.text,
};

const sources = new Map<string, DatasetSource>([
  ["fashion-mnist", fashionMnist],
  ["mnist", mnist],
  ["kmnist", kmnist],
  ["cifar-10", cifar10],
  ["cifar-100", cifar100],
  [
    "synthetic",
    async (_, __, options = {}) => {
      refuseShape("synthetic", options);
      return syntheticImages({ count: 640, testCount: 160 });
    },
  ],
  [
    "synthetic-faces",
    async (_, context, options = {}) => {
      refuseShape("synthetic-faces", options);
      return facesToClassify(await syntheticFaces({}, context));
    },
  ],
]);

/** Names that {@link loadDataset} knows. */
export function datasetNames(): string[] {
  return [...sources.keys()];
}

/**
 * Makes a data set known under a name.
 * @throws DataError when the name is taken.
 */
export function registerDataset(name: string, source: DatasetSource): void {
  if (sources.has(name)) {
    throw new DataError(`registerDataset: the name must be new, got "${name}", which is taken; choose another`, {
      name,
    });
  }
  sources.set(name, source);
}

/**
 * Loads a data set and holds its validation part out, by seed.
 * @param name One of {@link datasetNames}; or pictures of one's own: a folder or zip file (see {@link readPictures}), or what one
 *   in the folder of `BLOCKWISE_DATA` is called, or any name when `root` says where they are.
 * @throws ConfigError when an option is not known or cannot be.
 * @throws DataError when there is no such data set, or files are absent or damaged.
 */
export async function loadDataset(name: string, options: DatasetOptions, context: StepContext = {}): Promise<Dataset> {
  checkOptions("loadDataset", options, DATASET_RULES);
  const { root, shape: _shape, strict: _strict, memory: _memory, ...division } = options;
  const raw = await sourceOf(name, root)(root, context, options);
  const data = prepareDataset(raw, division);
  for (const remark of data.remarks ?? []) warn(context, `${data.name}: ${remark}`);
  return data;
}

/**
 * Finds out whether there is such a data set, without reading it.
 * @throws DataError as {@link loadDataset}, when the name is unknown or there is nothing at `root`.
 */
export function checkDatasetName(name: string, root?: string): void {
  sourceOf(name, root);
  if (root === undefined || existsSync(root)) return;
  throw new DataError(
    `data set "${name}": root must be a folder or a zip file of pictures, got ${JSON.stringify(root)}, which does not exist; check its path`,
    { root, byUser: true },
  );
}

function sourceOf(name: string, root: string | undefined): DatasetSource {
  const source = sources.get(name);
  if (source) return source;
  const place = root ?? (existsSync(name) ? name : findOwnPictures(name));
  const title = root === undefined && place === name ? titleOf(name) : name;
  if (place !== undefined) return (_, context, options = {}) => readPictures(title, place, options, context);
  const meant = nearestName(name, datasetNames());
  throw new DataError(
    `loadDataset: the data set must be one of ${datasetNames().join(", ")}, or a folder or zip file of pictures, got ${JSON.stringify(name)}${meant ? `; did you mean ${meant}?` : ", which does not exist"}${/[\\/]|\.zip$/i.test(name) ? "" : `${meant ? " Pictures" : "; pictures"} are named by their path, or found by name in the folder that BLOCKWISE_DATA names`}`,
    { name, known: datasetNames(), byUser: true },
  );
}

/** "flowers" for ../flowers/, flowers.zip and flowers.parquet. */
function titleOf(place: string): string {
  return basename(resolve(place)).replace(/\.(zip|parquet)$/i, "") || place;
}
