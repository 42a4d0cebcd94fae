import { join } from "node:path";
import { fingerprint, type StepContext } from "../../core";
import type { Dataset } from "../../data";
import {
  type Accuracies,
  accuraciesOf,
  type Evaluator,
  labelFree,
  namedBudget,
  type StageState,
  stagesOf,
  trainedAccuracy,
  trainedCells,
} from "../../evaluate";
import { orderedSearcher, type ToldTrial } from "../../search";
import type { CellGraph } from "../../space";
import { runSearch } from "../../study";
import { allCells, type CsnasSettings, smallCellCode } from "../csnas";
import type { SixSettings } from "./settings";
import { type SharedTable, sharedCell, type TimedRow } from "./shared-table";

/** Of each stage of a proxy: validation accuracy (NaN: diverged) and processor seconds. */
export type StageRow = readonly (readonly [validation: number, seconds: number])[];

/** Whatever is trained beside the table, but for what a system trains of its own. */
export interface SharedTrainings {
  readonly table: SharedTable;
  readonly settings: SixSettings;
  readonly data: Dataset;
  /** Where the journals lie. */
  readonly runs: string;
}

/** Processor time in place of the clock's, so that a machine that does other things measures alike. */
function inProcessorTime(evaluator: Evaluator<CellGraph, never>): Evaluator<CellGraph, never> {
  return {
    ...evaluator,
    async evaluate(cell, budget, from, context) {
      const started = process.cpuUsage();
      const outcome = await evaluator.evaluate(cell, budget, from, context);
      const { user, system } = process.cpuUsage(started);
      return { ...outcome, seconds: (user + system) / 1e6 };
    },
  };
}

function trained<State>(
  cells: readonly CellGraph[],
  evaluator: Evaluator<CellGraph, State>,
  folder: string,
  { table }: SharedTrainings,
  context: StepContext,
): Promise<readonly ToldTrial<CellGraph>[]> {
  const { ops, nodes, network } = table.settings;
  const options = { evaluations: cells.length, settings: { ops, nodes, network } };
  return runSearch(orderedSearcher(table.space, cells), evaluator, folder, options, context);
}

function labelledCells({ table, data }: SharedTrainings, seed: number): Evaluator<CellGraph, never> {
  const { space, settings } = table;
  return inProcessorTime(trainedCells({ name: "csnas", space, data, training: settings.labelled, seed }));
}

/** Trains and scores some networks of the table once more, for their processor time. */
export async function timeTrainings(of: SharedTrainings, context: StepContext = {}): Promise<Record<string, TimedRow>> {
  const { table, settings, data, runs } = of;
  const { cells: count, seed } = settings.timed;
  const cells = table.keys.slice(0, count).map(sharedCell);
  const training = { ...table.settings.contrastive, form: "infonce" as const };
  const scored = inProcessorTime(labelFree({ name: "csnas", space: table.space, data, training, seed }));
  const labelled = await trained(cells, labelledCells(of, seed), join(runs, "six-timed-labelled"), of, context);
  const free = await trained(cells, scored, join(runs, "six-timed-label-free"), of, context);
  return Object.fromEntries(
    labelled.map(({ trial, outcome }, i) => [
      trial.key,
      [seconds(outcome.seconds), seconds(free[i].outcome.seconds)] as const,
    ]),
  );
}

/** Trains every network by the stages of EcoNAS' proxy. */
export async function trainProxyStages(
  of: SharedTrainings,
  context: StepContext = {},
): Promise<Record<string, StageRow>> {
  const { table, settings, data, runs } = of;
  const { epochs, validateEvery: _, ...training } = table.settings.labelled;
  const { seed } = table.settings;
  const evaluator = trainedAccuracy(table.space, { data, epochs, training, seed, states: join(runs, "six-weights") });
  const cells = table.keys.map(sharedCell);
  const told: (readonly ToldTrial<CellGraph>[])[] = [];
  for (const [i, stage] of stagesOf(namedBudget(settings.econas.proxy), settings.econas.stages).entries()) {
    const before = new Map(told.at(-1)?.map(({ trial, outcome }) => [trial.key, outcome.state as StageState]));
    const staged: Evaluator<CellGraph, StageState> = {
      ...evaluator,
      fingerprint: fingerprint({ of: evaluator.fingerprint, stage }),
      evaluate: (cell, _budget, _from, own) => evaluator.evaluate(cell, stage, before.get(table.space.key(cell)), own),
    };
    told.push(await trained(cells, staged, join(runs, `six-stage-${i + 1}`), of, context));
  }
  return Object.fromEntries(
    told[0].map(({ trial }, i) => [
      trial.key,
      told.map((stage) => {
        const { values, seconds: spent } = stage[i].outcome;
        return [values.validation, seconds(spent)] as const;
      }),
    ]),
  );
}

/** All cells of one node, with which PNAS begins; their networks have the output of that node alone. */
export function oneNodeCells(settings: CsnasSettings): CellGraph[] {
  return allCells(smallCellCode("repaired", { ...settings, nodes: 1 }));
}

/** Trains the cells of one node as the table's were. */
export async function trainOneNode(
  of: SharedTrainings,
  context: StepContext = {},
): Promise<Record<string, Accuracies>> {
  const cells = oneNodeCells(of.table.settings);
  const evaluator = labelledCells(of, of.table.settings.seed);
  const told = await trained(cells, evaluator, join(of.runs, "six-one-node"), of, context);
  return Object.fromEntries(told.map((one) => [one.trial.key, accuraciesOf(one)]));
}

/** Trains what was chosen from other seeds than any search has seen. @returns By key, by seed. */
export async function trainAgain(
  keys: readonly string[],
  of: SharedTrainings,
  context: StepContext = {},
): Promise<Record<string, Accuracies[]>> {
  const again: Record<string, Accuracies[]> = Object.fromEntries(keys.map((key) => [key, []]));
  for (const seed of of.settings.again.seeds) {
    const folder = join(of.runs, `six-again-${seed}`);
    for (const one of await trained(keys.map(sharedCell), labelledCells(of, seed), folder, of, context)) {
      again[one.trial.key].push(accuraciesOf(one));
    }
  }
  return again;
}

function seconds(value = 0): number {
  return Number(value.toFixed(3));
}
