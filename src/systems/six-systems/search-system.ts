import { type Accuracies, namedBudget, stagesOf } from "../../evaluate";
import { blockTokens, edgeTokens, joinedTokens, mlpPredictor } from "../../predictors";
import {
  bestTrial,
  type GrowingSpace,
  type Outcome,
  progressiveSearcher,
  stagedEvolution,
  type ToldTrial,
} from "../../search";
import { type CellGraph, cellKey } from "../../space";
import { eeeaSearcher, evaluationsOf, limitAmong, trialsOf } from "../eeea";
import type { SixSettings, SystemName } from "./settings";
import { type SharedTable, sharedCell, type TrainingCosts } from "./shared-table";
import { oneNodeCells, type StageRow } from "./trainings";

/** A search of one seed. */
export interface SystemRun {
  readonly seed: number;
  /** Key of the network that it chose. */
  readonly chosen: string;
  /** Networks that were trained for it, each once: those of a proxy, of scores without labels and supernets, too. */
  readonly networks: number;
  /** What they cost, in trainings of the table's mean network. */
  readonly cost: number;
}

/** Systems whose trainings are looked up. */
export type LookedUpSystem = Exclude<SystemName, "dna" | "darts">;

/** What is looked up. */
export interface SearchedTrainings {
  readonly table: SharedTable;
  readonly costs: TrainingCosts;
  readonly stages: Readonly<Record<string, StageRow>>;
  readonly oneNode: Readonly<Record<string, Accuracies>>;
}

/** One search of one seed; a network that was trained is not trained, and not paid for, again. */
export function searchSystem(
  system: LookedUpSystem,
  of: SearchedTrainings,
  settings: SixSettings,
  seed: number,
): SystemRun {
  return SEARCHES[system](of, settings, seed);
}

type Search = (of: SearchedTrainings, settings: SixSettings, seed: number) => SystemRun;
type Told = ToldTrial<CellGraph>;

const GOAL = { maximise: "validation" } as const;

const SEARCHES: Readonly<Record<LookedUpSystem, Search>> = { pnas, econas, eeea, csnas };

function pnas({ table, costs, oneNode }: SearchedTrainings, { pnas: numbers }: SixSettings, seed: number): SystemRun {
  const { ops, nodes } = table.settings;
  const alphabet = { ops: ops.filter((op) => op !== "none"), states: nodes + 1 };
  const tokens = joinedTokens(blockTokens(alphabet), edgeTokens(alphabet));
  const predictor = mlpPredictor(tokens, { ...numbers.mlp, members: numbers.members, seed });
  const searcher = progressiveSearcher(growingCells(table), { ...GOAL, seed, predictor, beam: numbers.beam });
  const told: Told[] = [];
  for (let [trial] = searcher.ask(); trial; [trial] = searcher.ask()) {
    const validation = oneNode[trial.key]?.[0] ?? table.evaluator.look(trial.key).values.validation;
    const outcome = outcomeOf(trial.key, validation);
    searcher.tell(trial, outcome);
    told.push({ trial, outcome });
  }
  const complete = told.filter(({ trial }) => trial.architecture.nodes.length === nodes);
  return ended(seed, bestTrial<CellGraph, Told>(complete, GOAL) ?? complete[0], told, costs.labelled);
}

/** Cells of one node, then those of the table that have it and one more. */
export function growingCells({ settings, space, keys }: SharedTable): GrowingSpace<CellGraph> {
  const children = new Map<string, CellGraph[]>();
  for (const cell of keys.map(sharedCell)) {
    // Either node may be the first if the other does not read it.
    const kept = cell.nodes.filter((node) => node.every(({ from }) => from < cell.inputs));
    const parents = new Set(kept.map((node) => cellKey({ ...cell, nodes: [node] })));
    for (const parent of parents) children.set(parent, [...(children.get(parent) ?? []), cell]);
  }
  return {
    name: "six-growth",
    key: space.key,
    smallest: () => oneNodeCells(settings),
    extend: (cell) => (cell.nodes.length === 1 && settings.nodes > 1 ? (children.get(cellKey(cell)) ?? []) : []),
  };
}

function econas({ table, costs, stages }: SearchedTrainings, { econas: own }: SixSettings, seed: number): SystemRun {
  const budgets = stagesOf(namedBudget(own.proxy), own.stages);
  const names = budgets.map((budget) => JSON.stringify(budget));
  const final = { epochs: table.settings.labelled.epochs };
  const options = { ...own.search, ...GOAL, seed, stages: budgets, finalists: own.finalists, final };
  const searcher = stagedEvolution(table.space, options);
  const told: Told[] = [];
  const paid = new Map<string, number>();
  for (let [trial] = searcher.ask(); trial; [trial] = searcher.ask()) {
    const stage = names.indexOf(JSON.stringify(trial.budget));
    const row = stages[trial.key];
    const validation = stage < 0 ? table.evaluator.look(trial.key).values.validation : row[stage][0];
    const outcome = outcomeOf(trial.key, validation);
    searcher.tell(trial, outcome);
    told.push({ trial, outcome });
    const cost = stage < 0 ? costs.labelled(trial.architecture) : row[stage][1] / costs.unit;
    paid.set(`${stage}:${trial.key}`, cost);
  }
  const finalists = told.filter(({ trial }) => JSON.stringify(trial.budget) === JSON.stringify(final));
  const best = bestTrial<CellGraph, Told>(finalists, GOAL) ?? finalists[0];
  const networks = new Set(told.map(({ trial }) => trial.key)).size;
  return { seed, chosen: best.trial.key, networks, cost: rounded(sum([...paid.values()])) };
}

function eeea({ table, costs }: SearchedTrainings, { eeea: own }: SixSettings, seed: number): SystemRun {
  const { arm, ...plan } = own;
  const sizeOf = (cell: CellGraph) => table.evaluator.entries.get(table.space.key(cell))!.params;
  const limit = limitAmong(
    Array.from(table.evaluator.entries.values(), ({ params }) => params),
    arm,
  );
  const exit = limit && { of: sizeOf, limit: limit.params };
  const searcher = eeeaSearcher(table.space, arm, { ...plan, seeds: 1 }, exit, seed);
  const told: Told[] = [];
  for (const trial of trialsOf(searcher, evaluationsOf({ ...plan, seeds: 1 }))) {
    const outcome = table.evaluator.look(trial.key);
    searcher.tell(trial, outcome);
    told.push({ trial, outcome });
  }
  return ended(seed, bestTrial<CellGraph, Told>(told, GOAL) ?? told[0], told, costs.labelled);
}

/** Stored: without labels. */
function csnas({ table, costs }: SearchedTrainings, _settings: SixSettings, seed: number): SystemRun {
  const run = table.labelFree.find((one) => one.seed === seed)!;
  const scored = [...new Set(run.scored)];
  const cost = sum(scored.map((key) => costs.labelFree(sharedCell(key))));
  return { seed, chosen: run.chosen, networks: scored.length, cost: rounded(cost) };
}

function ended(seed: number, best: Told, told: readonly Told[], costOf: (cell: CellGraph) => number): SystemRun {
  const trained = new Map(told.map(({ trial }) => [trial.key, trial.architecture]));
  const cost = sum([...trained.values()].map(costOf));
  return { seed, chosen: best.trial.key, networks: trained.size, cost: rounded(cost) };
}

function outcomeOf(key: string, validation: number): Outcome<never> {
  return { values: { validation }, costs: {}, fingerprint: `six/${key}` };
}

export function sum(values: readonly number[]): number {
  return values.reduce((all, one) => all + one, 0);
}

export function rounded(cost: number): number {
  return Number(cost.toFixed(3));
}
