import { join } from "node:path";
import { acquireLock, type StepContext, StudyError } from "../core";
import type { Evaluator } from "../evaluate";
import type { Outcome } from "../search";
import type { Space } from "../space";
import { Journal } from "./journal";
import { type OutcomeRecord, outcomeRecord, recordedOutcome } from "./outcome-record";

const FILE = "outcomes.jsonl";
const HEADER = "evaluator";

/**
 * Works with an evaluator that evaluates nothing twice: each outcome is in a journal as soon as it is there, by the key of its
 * architecture, and taken from it when the same is asked again, by this search or another, after a kill or in another call.
 * For evaluators of one budget; states of outcomes must be JSON.
 * @param folder Where the journal lies, `outcomes.jsonl`; made where it does not exist.
 * @throws StudyError when the folder is another evaluator's, or another process works with it.
 */
export async function withKeptOutcomes<A, T>(
  evaluator: Evaluator<A, never>,
  { key }: Pick<Space<A, unknown>, "key">,
  folder: string,
  work: (kept: Evaluator<A, never>) => Promise<T>,
  { onWarning }: StepContext = {},
): Promise<T> {
  const lock = acquireLock(join(folder, "lock.json"), "kept outcomes");
  try {
    const journal = new Journal(join(folder, FILE));
    try {
      if (journal.damaged.length > 0) {
        onWarning?.(
          `${journal.path} had ${journal.damaged.length} damaged lines; their evaluations are done again (the file as it was lies beside it)`,
        );
      }
      checkEvaluator(journal, evaluator);
      return await work(keeping(evaluator, key, journal));
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

function checkEvaluator(journal: Journal, { name, fingerprint }: Evaluator<never, never>): void {
  if (journal.records.length === 0) journal.append({ step: HEADER, name, fingerprint });
  const header = journal.find(HEADER);
  if (header?.fingerprint === fingerprint) return;
  throw new StudyError(
    `withKeptOutcomes: ${journal.path} must have outcomes of the evaluator ${name} with the same data, recipe and seed, and has ${header ? "those of another" : "lost its first line, which says whose they are"}; take another folder, or remove it`,
    { path: journal.path },
  );
}

function keeping<A>(evaluator: Evaluator<A, never>, key: (a: A) => string, journal: Journal): Evaluator<A, never> {
  const known = new Map<string, Outcome<never>>();
  for (const record of journal.records) {
    if (record.step !== HEADER) known.set(record.step, recordedOutcome(record as OutcomeRecord) as Outcome<never>);
  }
  return {
    ...evaluator,
    async evaluate(architecture, budget, from, context) {
      const step = `outcome/${key(architecture)}`;
      const before = known.get(step);
      if (before) return before;
      const outcome = await evaluator.evaluate(architecture, budget, from, context);
      journal.append(outcomeRecord(step, outcome, evaluator.name));
      known.set(step, outcome);
      return outcome;
    },
  };
}
