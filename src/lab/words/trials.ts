import { randomUUID } from "node:crypto";
import { basename, extname, join } from "node:path";
import { checkOptions, type OptionRules, rule } from "../../core";
import { DISPLAY, notebookHost } from "../../display-protocol";
import { engine } from "../../engine";
import { type RunContext, RunDirectory } from "../../study";
import {
  parseTrialConfig,
  runTrials,
  shownTrials,
  type TrialResult,
  type TrialRow,
  trialGoalWords,
  trialRunConfig,
} from "../../systems/trials";
import { trialsFigure } from "../../viz";
import { FigureView } from "../display/figure-view";
import { engineReady } from "../session/engine-ready";
import { LabTrials } from "../values/trials";
import { writtenExperiment } from "./written-experiment";

export interface LabTrialsOptions {
  /** Where the run is kept; `runs/` and the experiment's name unless given. The same call goes on with it. */
  readonly directory?: string;
}

const RULES: OptionRules<LabTrialsOptions> = { directory: rule.text };
/** Drawing takes a good part of it. */
const INTERVAL_MS = 1500;

/** Runs the search, see `lab.trials`. */
export async function trials(
  experiment: string | Readonly<Record<string, unknown>>,
  options: LabTrialsOptions,
  context: RunContext,
): Promise<LabTrials> {
  const where = "lab.trials";
  checkOptions(where, options, RULES);
  const written = writtenExperiment(where, experiment);
  const config = parseTrialConfig(written, typeof experiment === "string" ? experiment : "experiment");
  const named = typeof experiment === "string" ? basename(experiment, extname(experiment)) : config.system;
  const directory = options.directory ?? join("runs", config.name ?? named);
  engineReady();
  const { threads } = engine.info();
  const run = RunDirectory.open(directory, trialRunConfig(config, basename(directory), config.threads ?? threads));
  try {
    const view = new TrialsView(trialGoalWords(config));
    const result = await runTrials(config, run, context, (rows) => view.show(rows));
    await view.show(result.trials, true);
    return new LabTrials(result, directory);
  } finally {
    run.close();
  }
}

/** The front as it moves from trial to trial, one output below the cell. */
class TrialsView {
  private readonly id = randomUUID();
  private shownAt: number | undefined;

  constructor(private readonly goal: TrialResult["goal"]) {}

  async show(rows: readonly TrialRow[], atLast = false): Promise<void> {
    const host = notebookHost();
    // In the end the value of the cell has the same figure.
    if (!host || (atLast && this.shownAt === undefined)) return;
    if (!atLast && this.shownAt !== undefined && performance.now() - this.shownAt < INTERVAL_MS) return;
    const figure = new FigureView(
      trialsFigure({
        title: `The front after ${rows.length} networks`,
        ...shownTrials(rows, this.goal),
      }),
    );
    const bundle = await figure[DISPLAY]();
    if (this.shownAt === undefined) host.display(bundle, this.id);
    else host.update(this.id, bundle);
    this.shownAt = performance.now();
  }
}
