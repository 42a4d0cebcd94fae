import { existsSync } from "node:fs";
import { isDamage, readJson, writeJson } from "../../core";
import { loadDataset } from "../../data";
import { bestTrial, type Outcome, type ToldTrial } from "../../search";
import type { CellArchitecture } from "../../space";
import { type RunContext, type RunDirectory, runSearch, SEARCH_FOLDER, tellingProgress } from "../../study";
import { trialEvaluator, trialGoal, trialSearcher, trialSpace } from "./open-trials";
import type { TrialConfig } from "./trial-config";

/** The experiment as it was asked for last. */
const EXPERIMENT = "experiment.json";

/** How many evaluations a run was asked for before; undefined of a new one. */
export function evaluationsAsked(run: RunDirectory): number | undefined {
  const file = run.file(EXPERIMENT);
  if (!existsSync(file)) return undefined;
  try {
    return (readJson(file) as { readonly evaluations?: number } | null)?.evaluations;
  } catch (error) {
    // It is written again, and decides nothing.
    if (isDamage(error)) return undefined;
    throw error;
  }
}

/** A trial as the result tells it. */
export interface TrialRow {
  /** From 0, in the order of asking. */
  readonly trial: number;
  readonly key: string;
  readonly budget?: ToldTrial<unknown>["trial"]["budget"];
  readonly values: Outcome["values"];
  readonly costs: Outcome["costs"];
  readonly seconds?: number;
}

/** What a search trial by trial came to. Plain JSON. */
export interface TrialResult {
  /** What it went by, and whether more or less of it is better. */
  readonly goal: { readonly name: string; readonly better: "higher" | "lower" };
  readonly evaluations: number;
  /** Undefined where no network was measured. */
  readonly best?: TrialRow & { readonly network: CellArchitecture };
  readonly trials: readonly TrialRow[];
}

/**
 * Searches trial by trial as an experiment says, in a run directory: every outcome is in `search/search.jsonl` as soon as it is
 * there, `result.json` has what came of it. Called again after an interrupt or a kill it goes on with the same trials; with
 * more evaluations it goes on beyond its end. The engine must be in use already.
 * @param onTrials Called after each evaluation with all trials so far.
 * @throws ConfigError for what the options cannot be together, StudyError when the directory is another search's.
 * @throws InterruptedError when stopped; what was evaluated stays.
 */
export async function runTrials(
  config: TrialConfig,
  run: RunDirectory,
  context: RunContext = {},
  onTrials?: (trials: readonly TrialRow[]) => void | Promise<void>,
): Promise<TrialResult> {
  return tellingProgress(run, context, async (telling) => {
    const { name, ...division } = config.data;
    const data = await loadDataset(name, { ...division, seed: config.seed }, telling);
    const space = trialSpace(config.space, data);
    const searcher = trialSearcher(space, config);
    const evaluator = trialEvaluator(space, data, config, run.file("checkpoints"));
    // From the first record on the directory is a run that is resumed, whatever ends this process.
    await run.step("space", () => ({ space: config.space, images: data.fingerprint }));
    const { evaluations, system, seed, space: spaceName, searcher: options } = config;
    writeJson(run.file(EXPERIMENT), { ...(run.config as object), evaluations });
    const settings = { system, seed, space: spaceName, searcher: options };
    const told = await runSearch(
      searcher,
      evaluator,
      run.file(SEARCH_FOLDER),
      { evaluations, settings, ...(onTrials && { onTold: (trials) => onTrials(trials.map(rowOf)) }) },
      telling,
    );
    const result = resultOf(told, space, config);
    writeJson(run.file("result.json"), result);
    return result;
  });
}

/**
 * What a run directory keeps of the configuration. The number of evaluations is left out: with more of them a search goes on
 * beyond its end.
 */
export function trialRunConfig({ evaluations: _, ...config }: TrialConfig, name: string, threads: number | undefined) {
  return { ...config, name, threads };
}

/** What a search by such a configuration goes by. */
export function trialGoalWords(config: Pick<TrialConfig, "evaluator">): TrialResult["goal"] {
  const goal = trialGoal(config);
  return { name: (goal.maximise ?? goal.minimise)!, better: goal.maximise === undefined ? "lower" : "higher" };
}

function resultOf(
  told: readonly ToldTrial<unknown>[],
  space: Pick<ReturnType<typeof trialSpace>, "architecture">,
  config: TrialConfig,
): TrialResult {
  const best = bestTrial(told, trialGoal(config));
  return {
    goal: trialGoalWords(config),
    evaluations: told.length,
    ...(best && { best: { ...rowOf(best), network: space.architecture(best.trial.architecture) } }),
    trials: told.map(rowOf),
  };
}

function rowOf({ trial: { id, key, budget }, outcome: { values, costs, seconds } }: ToldTrial<unknown>): TrialRow {
  return { trial: id, key, ...(budget && { budget }), values, costs, ...(seconds !== undefined && { seconds }) };
}
