import type { TableEvaluator } from "../../evaluate";
import type { Searcher } from "../../search";

/** When a search's choice changed: after how many trainings, at what cost, to which network. */
export interface Change {
  /** Networks trained until then. */
  readonly evaluations: number;
  /** What they cost, in trainings of the table's mean network. */
  readonly cost: number;
  readonly key: string;
}

/** One run of a searcher on a table. */
export interface TableSearch {
  readonly changes: readonly Change[];
  /** Of the whole run. */
  readonly evaluations: number;
  readonly cost: number;
}

/**
 * Searches a table one trial at a time. The choice is the network of the highest validation accuracy seen, of equals the
 * first; looks that cost nothing are no evaluations.
 */
export function searchTable(searcher: Searcher<string>, evaluator: TableEvaluator, evaluations: number): TableSearch {
  const changes: Change[] = [];
  let best = Number.NEGATIVE_INFINITY;
  let trained = 0;
  let cost = 0;
  while (trained < evaluations) {
    const [trial] = searcher.ask();
    if (!trial) break;
    const outcome = evaluator.look(trial.key, trial.budget);
    searcher.tell(trial, outcome);
    if (outcome.costs.trainings > 0) trained++;
    cost += outcome.costs.trainings;
    const { validation } = outcome.values;
    // Undefined below the last level; NaN is above nothing.
    if (!(validation > best)) continue;
    best = validation;
    changes.push({ evaluations: trained, cost, key: trial.key });
  }
  return { changes, evaluations: trained, cost };
}

/** The run in a line, for files: "1:0.83:334131 7:5.20:334133". */
export function changesText(changes: readonly Change[]): string {
  return changes.map(({ evaluations, cost, key }) => `${evaluations}:${cost.toFixed(3)}:${key}`).join(" ");
}

export function parseChanges(text: string): Change[] {
  return text
    .split(" ")
    .filter((one) => one !== "")
    .map((one) => {
      const [evaluations, cost, key] = one.split(":");
      return { evaluations: Number(evaluations), cost: Number(cost), key };
    });
}
