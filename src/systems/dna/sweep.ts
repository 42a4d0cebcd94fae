import { join } from "node:path";
import { writeAtomic, writeJson } from "../../core";
import { compare, type MeasuredFront, type SweepSummary, summariseSweep, sweepCsv, sweepRunsCsv } from "../../retrain";
import { type RunContext, type SweepOptions, type SweepPlan, type SweptRun, sweepRuns } from "../../study";
import { parseExperiment } from "./config";
import { prepareExperiment } from "./prepare-experiment";
import { runExperiment } from "./run-experiment";

/**
 * Runs an experiment for all combinations of seeds and settings, see `sweepRuns`, and writes `sweep.json`, `sweep.csv` (means
 * and standard errors over seeds) and `runs.csv` beside the runs.
 * @param written The experiment as a user writes it.
 * @throws ConfigError naming the combination and what is wrong with it; InterruptedError when stopped.
 */
export async function runSweep(
  written: Readonly<Record<string, unknown>>,
  plan: SweepPlan,
  options: SweepOptions,
  context: RunContext = {},
): Promise<{ readonly runs: readonly SweptRun<MeasuredFront>[]; readonly summary: SweepSummary }> {
  const system = { parse: parseExperiment, prepare: prepareExperiment, run: runExperiment };
  const runs = await sweepRuns(system, written, plan, options, context);
  const fronts = runs.map(({ outcome: front, ...point }) => ({ ...point, front }));
  const summary = summariseSweep(Object.keys(plan.settings), fronts, (front) => compare(front));
  writeJson(join(options.directory, "sweep.json"), summary);
  writeAtomic(join(options.directory, "sweep.csv"), sweepCsv(summary));
  writeAtomic(join(options.directory, "runs.csv"), sweepRunsCsv(summary));
  return { runs, summary };
}
