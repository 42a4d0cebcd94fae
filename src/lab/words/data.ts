import { ConfigError, checkOptions, type OptionRules, rule, type StepContext } from "../../core";
import {
  checkDataset,
  DATASET_RULES,
  type Dataset,
  type DatasetOptions,
  datasetFingerprint,
  loadDataset,
} from "../../data";
import { LabData } from "../values/data";

export interface LabDataOptions extends Partial<Omit<DatasetOptions, "seed">> {
  /** Seed of the division, and of all later steps unless they are given one. Default 1. */
  readonly seed?: number;
}

const { seed: _seed, ...divisionRules } = DATASET_RULES;
const DATA_RULES: OptionRules<LabDataOptions> = { ...divisionRules, seed: rule.whole };

/** See `lab.data`. */
export async function data(source: string | Dataset, options: LabDataOptions, context: StepContext): Promise<LabData> {
  checkOptions("lab.data", options, DATA_RULES);
  const { seed = 1, ...rest } = options;
  if (typeof source !== "string") return new LabData(readyData(source, rest), seed);
  return new LabData(await loadDataset(source, { ...rest, seed }, context), seed);
}

/** A data set that is ready, checked; it is named by what is in it, also where it was changed by hand. */
function readyData(source: Dataset, options: Omit<LabDataOptions, "seed">): Dataset {
  const [given] = Object.entries(options).filter(([, value]) => value !== undefined);
  if (given) {
    throw new ConfigError(`lab.data: ${given[0]} is of a data set that is loaded by name; this one is divided already`);
  }
  checkDataset(source, "lab.data");
  return { ...source, fingerprint: datasetFingerprint(source) };
}
