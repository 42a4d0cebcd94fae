import { join } from "node:path";
import { formatCount } from "../../core";
import type { TrialConfig, TrialResult, TrialRow } from "../../systems/trials";
import { resumable } from "../interrupt";
import type { Output } from "../output";
import { textTable } from "../table";

/** Where a search is run. */
export interface SystemPlace {
  readonly runsDir: string;
  readonly name: string;
  readonly force?: boolean;
}

const SHOWN = 5;

/** `blockwise run` of an experiment that searches trial by trial; resumes. */
export async function runTrialExperiment(config: TrialConfig, place: SystemPlace, output: Output): Promise<number> {
  const { engine } = await import("../../engine/index.js");
  const words = await import("../../systems/trials/index.js");
  const { evaluationsAsked, rankedTrials, runTrials, trialRunConfig } = words;
  const { RunDirectory } = await import("../../study/index.js");
  const path = join(place.runsDir, place.name);
  const { threads } = engine.use("auto", { threads: config.threads });
  const directory = RunDirectory.open(path, trialRunConfig(config, place.name, threads), { force: place.force });
  try {
    const before = evaluationsAsked(directory);
    const more = before !== undefined && before !== config.evaluations;
    const change = more ? `; ${before} evaluations were asked for, now ${config.evaluations}` : "";
    output.remark(`${path}: ${directory.records.length > 0 ? `resuming${change}` : "a new run"}`);
    let result: TrialResult | undefined;
    const code = await resumable(path, output, async (context) => {
      result = await runTrials(config, directory, context);
    });
    if (!result) return code;
    const found = result;
    output.result({ run: path, ...found }, () => trialText(found, rankedTrials(found).slice(0, SHOWN), words));
    output.remark(`Result: ${path}/result.json`);
    return code;
  } finally {
    directory.close();
  }
}

/** The best trials as a table for a terminal. */
function trialText(
  { goal, evaluations, best }: TrialResult,
  ranked: readonly TrialRow[],
  { trialBudgetWords, trialGoalTitle }: typeof import("../../systems/trials"),
): string {
  if (!best) return `None of ${evaluations} networks was measured: every training diverged.`;
  const value = ({ values }: TrialRow) => values[goal.name] ?? Number.NaN;
  const rows = ranked.map((row) => [
    row.trial,
    row.key,
    row.budget ? trialBudgetWords(row.budget) : "",
    value(row).toFixed(3),
    row.values.test?.toFixed(2) ?? "",
    formatCount(row.costs.macs),
  ]);
  return [
    textTable(["trial", "network", "budget", trialGoalTitle(goal), "test accuracy (%)", "MACs"], rows),
    `The choice after ${evaluations} evaluations, the best of those with the longest training: ${best.key} (trial ${best.trial}), ${trialGoalTitle(goal)} ${value(best).toFixed(3)}.`,
  ].join("\n");
}
