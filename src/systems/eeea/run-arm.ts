import { nasBench201Evaluator, type TableEvaluator } from "../../evaluate";
import { type EarlyExit, type Nsga2, nsga2Searcher, type Trial } from "../../search";
import { nasBench201Cells, type Space } from "../../space";
import {
  EEEA_ARMS,
  EEEA_SETTINGS,
  type EeeaArm,
  type EeeaArmName,
  EVALUATIONS,
  evaluationsOf,
  type SearchPlan,
} from "./settings";

/** A search as it is stored: everything else follows from the table. */
export interface EeeaRun {
  readonly seed: number;
  /** Cells in the order of their evaluation, divided by spaces. */
  readonly keys: string;
  /** Draws that were beyond the early exit's limit: of the first generation, and of all others. */
  readonly refused: readonly [first: number, later: number];
}

/** The table that all searches of NAS-Bench-201 look up. */
export function eeeaTable(): TableEvaluator {
  return nasBench201Evaluator(EEEA_SETTINGS.data);
}

/** An early exit's limit. */
export interface ExitLimit {
  /** Parameters of the whole network at its final size. */
  readonly params: number;
  /** Share of all cells, or of those that were drawn to set it, that are within. */
  readonly within: number;
}

/** The least limit with at least so large a share of the sizes within; undefined where the arm has no early exit. */
export function limitAmong(all: readonly number[], { exit }: EeeaArm): ExitLimit | undefined {
  if (exit === undefined) return undefined;
  const sizes = [...all].sort((a, b) => a - b);
  const params = sizes[Math.ceil(exit * sizes.length) - 1];
  return { params, within: sizes.filter((size) => size <= params).length / sizes.length };
}

/** {@link limitAmong} all cells of a table. */
export function exitLimit({ entries }: TableEvaluator, arm: EeeaArm): ExitLimit | undefined {
  return limitAmong(
    Array.from(entries.values(), ({ params }) => params),
    arm,
  );
}

/** A new searcher of an arm. Outcomes must have the value `validation` and the costs `macs` and `params`. */
export function eeeaSearcher<A>(
  space: Space<A, unknown>,
  arm: EeeaArm,
  plan: SearchPlan,
  exit: Pick<EarlyExit<A>, "of" | "limit"> | undefined,
  seed: number,
): Nsga2<A> {
  return nsga2Searcher(space, {
    seed,
    maximise: ["validation"],
    minimise: arm.minimise,
    population: arm.random ? evaluationsOf(plan) : plan.population,
    mutation: plan.mutation,
    ...(exit && { earlyExit: { ...exit, children: arm.children ?? false } }),
  });
}

/** So many trials, one after another; each must be told before the next is taken. */
export function* trialsOf<A>(searcher: Nsga2<A>, evaluations: number): Generator<Trial<A>> {
  for (let asked = 0; asked < evaluations; ) {
    const trials = searcher.ask(evaluations - asked);
    asked += trials.length;
    yield* trials;
  }
}

/** What is stored of a search that is done. */
export function armRun(seed: number, keys: readonly string[], { refused: [first, ...later] }: Nsga2<unknown>): EeeaRun {
  return { seed, keys: keys.join(" "), refused: [first, later.reduce((sum, count) => sum + count, 0)] };
}

/** One search of NAS-Bench-201. */
export function runEeeaArm(name: EeeaArmName, seed: number, table: TableEvaluator = eeeaTable()): EeeaRun {
  const arm: EeeaArm = EEEA_ARMS[name];
  const limit = exitLimit(table, arm);
  const of = (key: string) => table.entries.get(key)!.params;
  const searcher = eeeaSearcher(nasBench201Cells(), arm, EEEA_SETTINGS, limit && { of, limit: limit.params }, seed);
  const keys: string[] = [];
  for (const trial of trialsOf(searcher, EVALUATIONS)) {
    searcher.tell(trial, table.look(trial.key));
    keys.push(trial.key);
  }
  return armRun(seed, keys, searcher);
}
