import { DataError, type StepContext } from "../core";
import { cifar10 } from "./cifar10";
import { type DivisionOptions, prepareDataset } from "./dataset";
import { fashionMnist } from "./fashion-mnist";
import { syntheticImages } from "./synthetic";
import type { Dataset, RawDataset } from "./types";

/** Reads a whole data set from `root`, or from wherever it is usually kept. */
export type DatasetSource = (root: string | undefined, context: StepContext) => Promise<RawDataset>;

export interface DatasetOptions extends DivisionOptions {
  /** Folder with the files; without it the source's usual places are searched. */
  readonly root?: string;
}

const sources = new Map<string, DatasetSource>([
  ["fashion-mnist", fashionMnist],
  ["cifar-10", cifar10],
  ["synthetic", async () => syntheticImages({ count: 640, testCount: 160 })],
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
 * @throws DataError when the name is unknown, or the files are absent or damaged.
 */
export async function loadDataset(name: string, options: DatasetOptions, context: StepContext = {}): Promise<Dataset> {
  const source = sources.get(name);
  if (!source) {
    throw new DataError(
      `loadDataset: the data set must be one of ${datasetNames().join(", ")}, got "${name}"; add your own with registerDataset`,
      { name, known: datasetNames() },
    );
  }
  return prepareDataset(await source(options.root, context), options);
}
