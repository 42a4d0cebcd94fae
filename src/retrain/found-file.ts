import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import {
  CheckpointError,
  ConfigError,
  checkOptions,
  type OptionRules,
  Rng,
  readFailure,
  readHashedJson,
  rule,
  type StepContext,
  sha256,
  writeAtomic,
  writeJson,
  wrongForm,
} from "../core";
import type { Split } from "../data";
import { tf } from "../engine";
import { encodeSafetensors, loadState, Network, readSafetensors, saveState } from "../nn";
import { type Evaluation, evaluate } from "../train";
import { FLOPS_COUNTER, FOUND_FORMAT, type FoundRecord, foundSchema, type Origin, originSchema } from "./found-schema";
import type { Retrained } from "./retrain";

export interface SaveFoundOptions {
  readonly origin: Origin;
  /** Result on the test split, if it was measured. */
  readonly test?: Evaluation;
  /** The stages as timm writes them. */
  readonly timm?: readonly string[];
  /** Versions to record beside those of Node and TensorFlow.js, e.g. the engine's. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** The origin's values are checked by its schema; a name that is not known would be left out of the file without a word. */
const SAVE_RULES: OptionRules<SaveFoundOptions> = {
  origin: rule.options<Origin>({
    method: rule.text,
    space: rule.any,
    budget: rule.any,
    candidates: rule.any,
    score: rule.any,
    rating: rule.any,
    evidence: rule.any,
    seeds: rule.any,
  }),
  test: rule.options<Evaluation>({
    accuracy: rule.within(0, 1),
    correct: rule.wholeFrom(0),
    count: rule.wholeFrom(1),
    loss: rule.any,
  }),
  timm: rule.any,
  versions: rule.any,
};

/** A found network read from its file: weights, and the record of where it comes from. */
export class LoadedNetwork {
  constructor(
    readonly network: Network,
    readonly record: FoundRecord,
    /** Whether the record had a hash of its own content; files of older versions, and edited ones, have none. */
    readonly verified: boolean,
  ) {}

  /** Accuracy and cross-entropy on a split. */
  evaluate(split: Split, context: StepContext = {}): Promise<Evaluation> {
    const { architecture, preprocessing } = this.record;
    return evaluate(this.network, split, { shape: architecture.input, preprocessing }, context);
  }

  /** Frees the weights. */
  dispose(): void {
    this.network.dispose();
  }
}

/**
 * Writes a retrained network as `<path>` (JSON) and a weight file `.safetensors` beside it.
 * @returns The record in the JSON file.
 * @throws ConfigError unless the path ends with `.json`, when an option is not known, or the origin is malformed.
 */
export function saveFound(path: string, retrained: Retrained, options: SaveFoundOptions): FoundRecord {
  if (!path.endsWith(".json"))
    throw new ConfigError(`saveFound: the path must end with .json, got "${path}"`, { path });
  checkOptions("saveFound", options, SAVE_RULES);
  const origin = originSchema.safeParse(options.origin);
  if (!origin.success) {
    throw new ConfigError(`saveFound: origin must say how the network was found: ${z.prettifyError(origin.error)}`);
  }
  const weights = encodeSafetensors(saveState(retrained.network), { format: FOUND_FORMAT });
  const file = `${basename(path, ".json")}.safetensors`;
  const record = foundRecord(retrained, { ...options, origin: origin.data }, { file, sha256: sha256(weights) });
  // Weights first: a JSON file never names weights that are not there.
  writeAtomic(join(dirname(path), file), weights);
  writeJson(path, record);
  return record;
}

/**
 * Reads a found network and checks its weights against the recorded hash.
 * @throws CheckpointError when a file is absent, damaged, of another kind, or the weights are not the recorded ones.
 */
export function loadFound(path: string): LoadedNetwork {
  const fail = (what: string, cause?: unknown) =>
    new CheckpointError(`loadFound: ${path} ${what}`, { path }, { cause });
  const mend = "fetch or make it anew";
  const { value, verified } = readHashedJson(path, { what: "a found network's JSON file", mend });
  const parsed = foundSchema.safeParse(value);
  if (!parsed.success)
    throw fail(
      `must be a found network (${FOUND_FORMAT}), and is not (${wrongForm(parsed.error, value)}); blockwise retrain and blockwise run write such files, runs/<name>/found/*.json`,
    );
  const record = parsed.data;
  checkPreprocessing(record, fail);
  const weights = join(dirname(path), record.weights.file);
  if (!existsSync(weights)) throw fail(`needs its weights ${weights}, which do not exist; keep the two files together`);
  let got: string;
  try {
    got = sha256(readFileSync(weights));
  } catch (error) {
    throw fail(`needs its weights, and ${weights} ${readFailure(error)}; keep the two files together`, error);
  }
  if (got !== record.weights.sha256) {
    throw fail(
      `needs weights with SHA-256 ${record.weights.sha256}, got ${got} in ${weights}: the file is damaged or of another network; save both anew`,
    );
  }
  const network = new Network(record.architecture, new Rng(0));
  try {
    loadState(network, readSafetensors(weights).tensors);
  } catch (error) {
    network.dispose();
    if (error instanceof CheckpointError) throw fail(`needs its weights ${weights}, and ${error.message}`, error);
    throw error;
  }
  return new LoadedNetwork(network, record, verified);
}

function foundRecord(
  { architecture, cost, dataset, preprocessing, history, training }: Retrained,
  { origin, test, timm, versions }: SaveFoundOptions & Pick<FoundRecord, "origin">,
  weights: FoundRecord["weights"],
): FoundRecord {
  const { params, macs, flops } = cost;
  const measured: FoundRecord["measured"] = [
    { dataset: dataset.name, split: "validation", images: history.validationImages, accuracy: history.accuracy },
  ];
  if (test) measured.push({ dataset: dataset.name, split: "test", images: test.count, accuracy: test.accuracy });
  return {
    format: FOUND_FORMAT,
    architecture,
    ...(timm && { timm: [...timm] }),
    cost: { params, macs, flops, flopsCounter: FLOPS_COUNTER },
    preprocessing: { mean: [...preprocessing.mean], std: [...preprocessing.std] },
    classes: [...dataset.classes],
    measured,
    origin,
    training: { ...training, data: dataset.fingerprint },
    versions: { node: process.version, tfjs: tf.version.tfjs, ...versions },
    weights,
  };
}

/** Numbers that zod cannot relate to each other. */
function checkPreprocessing(
  { architecture, classes, preprocessing }: FoundRecord,
  fail: (what: string) => CheckpointError,
): void {
  const { channels } = architecture.input;
  if (preprocessing.mean.length !== channels || preprocessing.std.length !== channels) {
    throw fail(`must have one mean and std for each of ${channels} channels, got ${preprocessing.mean.length}`);
  }
  if (classes.length !== architecture.classes) {
    throw fail(`must name the architecture's ${architecture.classes} classes, got ${classes.length} names`);
  }
}
