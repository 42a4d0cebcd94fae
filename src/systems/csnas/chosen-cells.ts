import type { CsnasRun, ScoreTable } from "./run-arm";
import type { CsnasArmName } from "./settings";

/** Searches whose choices are trained and compared: without labels and with. */
export const COMPARED_ARMS = ["tpe", "tpe-labels"] as const satisfies readonly CsnasArmName[];

export interface ChosenCells {
  /** Places of all that the compared searches chose, each once. */
  readonly final: readonly number[];
  /** Of the choice without labels, the one with them, and the middle of the table by its loss. */
  readonly probed: readonly number[];
}

/** What most runs of a search chose; of equals the first. */
export function usualChoice(runs: readonly CsnasRun[]): number {
  const counts = new Map<number, number>();
  for (const { chosen } of runs) counts.set(chosen, (counts.get(chosen) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a))[0];
}

/** The place of the network whose loss is the median one. */
export function middleCell({ scores }: Pick<ScoreTable, "scores">): number {
  const measured = [...scores.keys()].filter((place) => !Number.isNaN(scores[place].loss));
  return measured.sort((a, b) => scores[a].loss - scores[b].loss)[measured.length >> 1];
}

/** What is trained for longer after the searches. */
export function chosenCells(
  arms: Readonly<Record<CsnasArmName, readonly CsnasRun[]>>,
  table: Pick<ScoreTable, "scores">,
): ChosenCells {
  const choices = COMPARED_ARMS.flatMap((arm) => arms[arm].map(({ chosen }) => chosen));
  const probed = [...COMPARED_ARMS.map((arm) => usualChoice(arms[arm])), middleCell(table)];
  return { final: [...new Set(choices)], probed: [...new Set(probed)] };
}
