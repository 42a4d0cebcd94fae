import { join } from "node:path";
import { z } from "zod";
import { macroKey, macroTable } from "../../benchmark/ranking";
import { fingerprint, Progress, type StepContext, TrainingError, writeJson } from "../../core";
import { type Dataset, type DatasetOptions, loadDataset } from "../../data";
import { type Evaluator, namedBudget, trainedAccuracy } from "../../evaluate";
import type { FoundNetwork } from "../../search";
import { nasBenchMacroChains } from "../../space";
import { type Provenance, provenanceOf, withKeptOutcomes } from "../../study";
import { type RawRatings, storedRatings } from "../../study/ranking";
import { readStoredResults } from "../../study/stored-results";
import { improveRatings } from "../../surrogate";
import { opsOf, type ProxyTraining, picksOf } from "./improve-proxy-picks";

/**
 * What is trained; by far smaller than the benchmark's trainings. With half of the images and a sixth of the
 * steps (1,536; 96) networks were 14 to 27 % accurate, and knew nothing of one another's ranks.
 */
export const IMPROVE_PROXY_SETTINGS = {
  networks: 16,
  rounds: 4,
  budgets: [25e6, 40e6, 55e6, 70e6],
  seed: 1,
  data: { seed: 1, trainCount: 3072, validationCount: 1000, testCount: 500 },
  training: { batchSize: 32 },
  epochs: 6,
  /** Half of the channels, 0.71 of the resolution, four of the six epochs: nominally a twelfth of the multiply-adds. */
  proxy: "c2r1s0e4",
  /**
   * The networks that each would pick are trained in full from other seeds, and measured on other images: what is trained here is
   * not what the benchmark trained.
   */
  picked: { seeds: [2, 3], testCount: 5000 },
} as const;
export type ImproveProxySettings = {
  readonly [K in keyof typeof IMPROVE_PROXY_SETTINGS]: Widened<(typeof IMPROVE_PROXY_SETTINGS)[K]>;
};
type Widened<T> = T extends number
  ? number
  : T extends string
    ? string
    : T extends readonly number[]
      ? readonly number[]
      : { readonly [K in keyof T]: Widened<T[K]> };

/** What the members of the file mean, beside them. */
const DEFINITIONS = {
  loops:
    "by the setting of its trainings, the networks in the order in which the loop of ratings.improve trained them: key of NAS-Bench-Macro, validation accuracy (percent), processor seconds with validation, multiply-adds of the training's forward passes",
  same: "the networks of the full loop, trained by the proxy as well",
  picked:
    "by key, test accuracy (percent) after a full training from each of the other seeds, on images of which no loop saw one: of the networks that the ratings, and the ratings as either loop calibrates them, pick for the budgets",
};

/** The raw results: all figures follow from them, the ratings and the benchmark's table. Plain JSON. */
export interface StoredImproveProxy {
  readonly settings: ImproveProxySettings & { readonly ratings: number };
  readonly definitions: typeof DEFINITIONS;
  readonly loops: { readonly full: readonly ProxyTraining[]; readonly proxy: readonly ProxyTraining[] };
  readonly same: readonly ProxyTraining[];
  readonly picked: Readonly<Record<string, readonly number[]>>;
  readonly provenance: Provenance;
}

/** Where the study's file lies, beside the ratings that it stands on (`.../02_dna_ranking`). */
export function improveProxyFile(ratings: string): string {
  return join(ratings, "..", "11_improve_proxy.json");
}

/** Where the ratings lie that a study's file stands on. */
export function ratingsOfImproveProxy(file: string): string {
  return join(file, "..", "02_dna_ranking");
}

/** Place of data, journals and ratings. */
export interface ImproveProxyPlace {
  readonly ratings: string;
  readonly runs: string;
  /** CIFAR-10; where the environment says when left out. */
  readonly images?: string;
  readonly command: string;
}

/**
 * The loop of `ratings.improve` on NAS-Bench-Macro's space by full trainings and by a proxy, from the same ratings, seed and
 * budgets; then the proxy on the networks that were trained in full, so that both are held against each other on the same
 * ones. Nothing is trained twice, also after a kill.
 * @throws TrainingError when a training diverged; InterruptedError when stopped; DataError without ratings or images.
 */
export async function writeImproveProxy(
  { ratings, runs, images, command }: ImproveProxyPlace,
  context: StepContext = {},
): Promise<StoredImproveProxy> {
  const { finished: _, ...code } = provenanceOf(command);
  const [raw] = storedRatings(ratings).raws;
  const options: DatasetOptions = { ...IMPROVE_PROXY_SETTINGS.data, ...(images !== undefined && { root: images }) };
  const data = await loadDataset("cifar-10", options, context);
  const folder = join(runs, "improve-proxy");
  const trained = await improveByProxy(raw, data, folder, IMPROVE_PROXY_SETTINGS, context);
  const { testCount } = IMPROVE_PROXY_SETTINGS.picked;
  const judging = await loadDataset("cifar-10", { ...options, testCount }, context);
  const picked = await trainPicked(trained, raw, judging, folder, IMPROVE_PROXY_SETTINGS, context);
  const stored: StoredImproveProxy = {
    settings: { ...IMPROVE_PROXY_SETTINGS, ratings: raw.seed },
    definitions: DEFINITIONS,
    ...trained,
    picked,
    provenance: { ...code, finished: new Date().toISOString() },
  };
  writeJson(improveProxyFile(ratings), stored);
  return stored;
}

/** The trainings of {@link writeImproveProxy}, in any settings. @param folder Where the journals of trainings lie. */
export async function improveByProxy(
  raw: RawRatings,
  data: Dataset,
  folder: string,
  settings: ImproveProxySettings,
  context: StepContext = {},
): Promise<Pick<StoredImproveProxy, "loops" | "same">> {
  const space = nasBenchMacroChains();
  const { networks, rounds, budgets, seed, epochs, training, proxy } = settings;
  const table = macroTable(raw.blocks, raw.cuts);
  const evaluator = trainedAccuracy(space, { data, epochs, training, seed });
  const trainedOf = async (kept: Evaluator<string, never>, key: string, progress: Progress) => {
    progress.throwIfStopped();
    const trained = await trainedOnce(kept, key, context);
    progress.advance(1, { accuracy: trained.validation / 100 });
    return trained;
  };
  const loop = async (kept: Evaluator<string, never>, progress: Progress) => {
    const done: ProxyTraining[] = [];
    const train = async (proposed: readonly FoundNetwork[]) => {
      const from = done.length;
      for (const network of proposed) done.push(await trainedOf(kept, macroKey(network), progress));
      return done.slice(from).map(({ validation }) => validation / 100);
    };
    await improveRatings(
      table,
      {
        networks,
        rounds,
        budgets: budgets.map((macs) => ({ macs })),
        seed,
        calibration: { ops: opsOf() },
      },
      train,
    );
    return done;
  };
  const inFull = (kept: Evaluator<string, never>) =>
    loop(kept, new Progress(context, "trainings in full", networks, "networks"));
  const full = await withKeptOutcomes(spending(evaluator), space, join(folder, "full"), inFull, context);
  const reduced = spending(evaluator, proxy);
  const byProxy = async (kept: Evaluator<string, never>) => {
    const progress = new Progress(context, `trainings by ${proxy}`, networks + full.length, "networks");
    const own = await loop(kept, progress);
    const same: ProxyTraining[] = [];
    for (const { key } of full) same.push(await trainedOf(kept, key, progress));
    return { own, same };
  };
  const { own, same } = await withKeptOutcomes(reduced, space, join(folder, proxy), byProxy, context);
  return { loops: { full, proxy: own }, same };
}

/** Trains in full, from other seeds, what would be picked for the budgets. @param data With the images that they are measured on. */
export async function trainPicked(
  trained: Pick<StoredImproveProxy, "loops">,
  raw: RawRatings,
  data: Dataset,
  folder: string,
  { picked, budgets, epochs, training }: ImproveProxySettings,
  context: StepContext = {},
): Promise<Record<string, number[]>> {
  const space = nasBenchMacroChains();
  const keys = [...new Set(Object.values(picksOf(trained.loops, raw, budgets)).flat())].sort();
  const accuracies = Object.fromEntries(keys.map((key) => [key, [] as number[]]));
  const progress = new Progress(context, "trainings of what is picked", keys.length * picked.seeds.length, "networks");
  for (const seed of picked.seeds) {
    const evaluator = trainedAccuracy(space, { data, epochs, training, seed, test: true });
    const all = async (kept: Evaluator<string, never>) => {
      for (const key of keys) {
        progress.throwIfStopped();
        const { values } = await kept.evaluate(key, undefined, undefined, context);
        if (!Number.isFinite(values.test)) throw diverged(key);
        accuracies[key].push(values.test);
        progress.advance(1, { accuracy: values.test / 100 });
      }
    };
    await withKeptOutcomes(spending(evaluator), space, join(folder, `picked-seed${seed}`), all, context);
  }
  return accuracies;
}

/** The same evaluator with one budget, by a proxy's name; the full training without. */
function spending(evaluator: Evaluator<string, unknown>, proxy?: string): Evaluator<string, never> {
  const budget = proxy === undefined ? undefined : namedBudget(proxy);
  return {
    ...evaluator,
    fingerprint: fingerprint({ of: evaluator.fingerprint, budget }),
    evaluate: (key, _budget, _from, context) =>
      evaluator.evaluate(key, budget, undefined, context) as ReturnType<Evaluator<string, never>["evaluate"]>,
  };
}

async function trainedOnce(
  evaluator: Evaluator<string, never>,
  key: string,
  context: StepContext,
): Promise<ProxyTraining> {
  const { values, costs, seconds = Number.NaN } = await evaluator.evaluate(key, undefined, undefined, context);
  const { validation } = values;
  if (Number.isFinite(validation)) return { key, validation, seconds, trainingMacs: costs.trainingMacs };
  throw diverged(key);
}

function diverged(key: string): TrainingError {
  return new TrainingError(
    `study improve-proxy: the training of ${key} must end with an accuracy, and diverged; lower the learning rate of all trainings`,
    { key },
  );
}

const trainingSchema = z.object({
  key: z.string().regex(/^[0-2]{8}$/),
  validation: z.number().min(0).max(100),
  seconds: z.number().min(0),
  trainingMacs: z.number().min(0),
});
const trainingsSchema = z.array(trainingSchema).length(IMPROVE_PROXY_SETTINGS.networks);
const storedSchema = z.looseObject({
  settings: z.looseObject({ ratings: z.number() }),
  loops: z.object({ full: trainingsSchema, proxy: trainingsSchema }),
  same: trainingsSchema,
  picked: z.record(
    trainingSchema.shape.key,
    z.array(z.number().min(0).max(100)).length(IMPROVE_PROXY_SETTINGS.picked.seeds.length),
  ),
});

/** The stored study. @throws DataError when the file is absent, damaged, or another one. */
export function storedImproveProxy(path: string): StoredImproveProxy {
  return readStoredResults(path, storedSchema, { study: "improve-proxy", what: "the trainings of the proxy study" });
}
