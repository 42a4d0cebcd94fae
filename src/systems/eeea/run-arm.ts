import { nasBench201Evaluator, type TableEvaluator } from "../../evaluate";
import { type Nsga2, nsga2Searcher } from "../../search";
import { nasBench201Cells } from "../../space";
import { ARMS, type Arm, type ArmName, EVALUATIONS, SETTINGS } from "./settings";

/** A search as it is stored: everything else follows from the table. */
export interface ArmRun {
  readonly seed: number;
  /** Cells in the order of their evaluation, divided by spaces. */
  readonly keys: string;
  /** Draws that were beyond the early exit's limit: of the first generation, and of all others. */
  readonly refused: readonly [first: number, later: number];
}

/** The table that all searches look up. */
export function eeeaTable(): TableEvaluator {
  return nasBench201Evaluator(SETTINGS.data);
}

/** An early exit's limit. */
export interface ExitLimit {
  /** Parameters of the whole network, at the benchmark's size. */
  readonly params: number;
  /** Share of all cells that are within. */
  readonly within: number;
}

/** The least limit with at least so large a share of all cells within; undefined where the arm has no early exit. */
export function exitLimit({ entries }: TableEvaluator, { exit }: Arm): ExitLimit | undefined {
  if (exit === undefined) return undefined;
  const sizes = Array.from(entries.values(), ({ params }) => params).sort((a, b) => a - b);
  const params = sizes[Math.ceil(exit * sizes.length) - 1];
  return { params, within: sizes.filter((size) => size <= params).length / sizes.length };
}

function searcherOf(arm: Arm, table: TableEvaluator, seed: number): Nsga2<string> {
  const limit = exitLimit(table, arm);
  return nsga2Searcher(nasBench201Cells(), {
    seed,
    maximise: ["validation"],
    minimise: arm.minimise,
    population: arm.random ? EVALUATIONS : SETTINGS.population,
    mutation: SETTINGS.mutation,
    ...(limit && {
      earlyExit: {
        of: (key: string) => table.entries.get(key)!.params,
        limit: limit.params,
        children: arm.children ?? false,
      },
    }),
  });
}

/** One search of one seed. */
export function runArm(name: ArmName, seed: number, table: TableEvaluator = eeeaTable()): ArmRun {
  const searcher = searcherOf(ARMS[name], table, seed);
  const keys: string[] = [];
  while (keys.length < EVALUATIONS) {
    for (const trial of searcher.ask(EVALUATIONS - keys.length)) {
      searcher.tell(trial, table.look(trial.key));
      keys.push(trial.key);
    }
  }
  const [first, ...later] = searcher.refused;
  return { seed, keys: keys.join(" "), refused: [first, later.reduce((sum, count) => sum + count, 0)] };
}
