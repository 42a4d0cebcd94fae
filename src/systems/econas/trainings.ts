import { join } from "node:path";
import { fingerprint, Rng, type StepContext } from "../../core";
import { type Dataset, loadDataset } from "../../data";
import {
  type Evaluator,
  namedBudget,
  type ReducedBudget,
  type StageState,
  stagesOf,
  trainedAccuracy,
} from "../../evaluate";
import { orderedSearcher, type ToldTrial } from "../../search";
import { runSearch } from "../../study";
import { type SmallCellSpace, smallCellSpace } from "./cell-space";
import { ECONAS_SETTINGS, PROXIES, type ProxyName } from "./settings";

type Trained = readonly ToldTrial<string>[];

/** The trainings that proxies are judged by. */
export interface StudyTrainings {
  /** Every network of the space in the full setting, by seed. */
  readonly full: readonly Trained[];
  /** The study's networks. */
  readonly proxies: Readonly<Record<ProxyName, Trained>>;
}

/** The networks that are trained in every setting: some of the space, drawn once and for all. */
export function studyNetworks(space: SmallCellSpace = smallCellSpace()): string[] {
  const { networks, seed } = ECONAS_SETTINGS.study;
  const order = new Rng(seed).fork("econas/study").permutation(space.networks.length);
  return Array.from(order.subarray(0, networks), (i) => space.networks[i]);
}

/** The data set that all is trained on. */
export function studyData(context: StepContext = {}): Promise<Dataset> {
  const { name, ...division } = ECONAS_SETTINGS.data;
  return loadDataset(name, division, context);
}

/** Trains in the full setting and by proxies. */
export function studyEvaluator(data: Dataset, seed: number, states?: string): Evaluator<string, StageState> {
  const { epochs, training } = ECONAS_SETTINGS;
  return trainedAccuracy(smallCellSpace(), { data, epochs, training, seed, test: true, ...(states && { states }) });
}

/** An evaluator that always spends one budget, on given states. */
function always(
  evaluator: Evaluator<string, StageState>,
  budget: ReducedBudget | undefined,
  from: ReadonlyMap<string, StageState | undefined> = new Map(),
): Evaluator<string, StageState> {
  return {
    ...evaluator,
    fingerprint: fingerprint({ of: evaluator.fingerprint, budget }),
    evaluate: (key, _budget, _from, context) => evaluator.evaluate(key, budget, from.get(key), context),
  };
}

/** Trains networks in a setting, seconds each; each is in a journal when it is done. */
function trained(
  networks: readonly string[],
  evaluator: Evaluator<string, StageState>,
  folder: string,
  context: StepContext,
): Promise<ToldTrial<string>[]> {
  const space = smallCellSpace();
  const settings = { network: ECONAS_SETTINGS.network };
  return runSearch(
    orderedSearcher(space, networks),
    evaluator,
    folder,
    { evaluations: networks.length, settings },
    context,
  );
}

/**
 * Trains every network in the full setting, and the study's by every proxy. None is trained twice, whether it was stopped or
 * killed.
 * @param runs Where the journals lie.
 * @throws InterruptedError when stopped.
 */
export async function trainStudy(runs: string, context: StepContext = {}): Promise<StudyTrainings> {
  const data = await studyData(context);
  const space = smallCellSpace();
  const networks = studyNetworks(space);
  const full: Trained[] = [];
  const ofSeed = async (seed: number) => {
    const folder = join(runs, `econas-full-${seed}`);
    full.push(await trained(space.networks, studyEvaluator(data, seed), folder, context));
  };
  const [first, ...others] = ECONAS_SETTINGS.seeds;
  await ofSeed(first);
  const evaluator = studyEvaluator(data, first);
  const proxies = {} as Record<ProxyName, Trained>;
  for (const name of PROXIES) {
    proxies[name] = await trained(
      networks,
      always(evaluator, namedBudget(name)),
      join(runs, `econas-${name}`),
      context,
    );
  }
  for (const seed of others) await ofSeed(seed);
  return { full, proxies };
}

/**
 * Trains every network by the stages of a proxy: one schedule, each stage from the weights of the one before.
 * @returns By stage.
 */
export async function trainStages(proxy: string, runs: string, context: StepContext = {}): Promise<Trained[]> {
  const data = await studyData(context);
  const evaluator = studyEvaluator(data, ECONAS_SETTINGS.seeds[0], join(runs, "econas-weights"));
  const told: Trained[] = [];
  for (const [i, stage] of stagesOf(namedBudget(proxy), ECONAS_SETTINGS.stages).entries()) {
    const before = new Map(
      told.at(-1)?.map(({ trial, outcome }) => [trial.key, outcome.state as StageState | undefined]),
    );
    const { networks } = smallCellSpace();
    const folder = join(runs, `econas-${proxy}-stage-${i + 1}`);
    told.push(await trained(networks, always(evaluator, stage, before), folder, context));
  }
  return told;
}
