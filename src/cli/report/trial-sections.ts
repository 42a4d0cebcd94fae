import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ConfigError, formatCount, readJsonAs, shown } from "../../core";
import { cellDrawings } from "../../space";
import {
  isTrialSystem,
  rankedTrials,
  shownTrials,
  type TrialResult,
  trialBudgetWords,
  trialGoalTitle,
} from "../../systems/trials";
import { cellGraph, type PageSection, trialsFigure } from "../../viz";

const MEND = "run the same blockwise run again, which writes it again";
const configSchema = z.looseObject({ system: z.string().optional() });
const rowSchema = z.looseObject({
  trial: z.number(),
  key: z.string(),
  // null is a training that diverged.
  values: z.record(z.string(), z.number().nullable()),
  costs: z.looseObject({ macs: z.number(), params: z.number() }),
});
const resultSchema = z.looseObject({
  goal: z.object({ name: z.string(), better: z.enum(["higher", "lower"]) }),
  evaluations: z.number(),
  best: rowSchema.extend({ network: z.looseObject({}) }).optional(),
  trials: z.array(rowSchema),
});

/**
 * The parts of the page of a run whose system is another than DNA.
 * @returns undefined for a run of DNA, and where there is no run.
 * @throws ConfigError for a run that is not finished, or of a system whose results are drawn in a notebook alone.
 */
export function trialSections(path: string): PageSection[] | undefined {
  const config = join(path, "config.json");
  if (!existsSync(config)) return undefined;
  const { system } = readJsonAs(config, configSchema, { what: "a run's configuration", mend: MEND });
  if (system === undefined) return undefined;
  const file = join(path, "result.json");
  if (system === "pocketnet") {
    throw new ConfigError(
      `report: ${path} is a run of PocketNet, whose tables and curves a notebook draws: lab.pocketnet(${JSON.stringify(file)})`,
      { path },
    );
  }
  if (!isTrialSystem(system)) throw new ConfigError(`report: ${config} must name a system, got ${shown(system)}`);
  if (!existsSync(file)) {
    throw new ConfigError(
      `report: ${path} is a search that has not ended; run the same blockwise run again, which goes on`,
    );
  }
  const result = readJsonAs(file, resultSchema, {
    what: "the result of a search",
    mend: MEND,
  }) as unknown as TrialResult;
  return [choice(result), trials(result)];
}

function choice({ best, evaluations, goal }: TrialResult): PageSection {
  const heading = "The choice";
  if (!best) return { heading, words: `None of ${evaluations} networks was measured: every training diverged.` };
  const { costs, network, key, trial, values } = best;
  const test = values.test === undefined ? "" : ` (test accuracy ${values.test.toFixed(2)} %)`;
  return {
    heading,
    words: `After ${evaluations} evaluations ${key} (trial ${trial}), with ${goal.name} ${values[goal.name].toFixed(3)}${test}, ${formatCount(costs.macs)} MACs and ${formatCount(costs.params)} parameters.`,
    figures: [cellGraph({ title: `Cells of ${key}`, cells: cellDrawings(network) })],
  };
}

function trials(result: TrialResult): PageSection {
  const { goal, trials: all } = result;
  return {
    heading: "All networks",
    figures: [
      trialsFigure({
        title: `${all.length} networks by ${goal.name}`,
        ...shownTrials(all, goal),
      }),
    ],
    tables: [
      {
        columns: ["trial", "network", "budget", trialGoalTitle(goal), "test accuracy (%)", "MACs", "parameters"],
        rows: rankedTrials(result).map(({ trial, key, budget, values, costs }) => [
          trial,
          key,
          budget ? trialBudgetWords(budget) : "",
          values[goal.name].toFixed(3),
          values.test?.toFixed(2) ?? "not measured",
          formatCount(costs.macs),
          formatCount(costs.params),
        ]),
        note: `The best by ${goal.name} first. A trial that diverged stands in result.json alone.`,
      },
    ],
  };
}
