import { join } from "node:path";
import {
  acquireLock,
  ConfigError,
  checkOptions,
  fingerprint,
  notPlain,
  type OptionRules,
  Progress,
  rule,
  type StepContext,
  StudyError,
} from "../core";
import type { Evaluator } from "../evaluate";
import type { Outcome, Searcher, ToldTrial, Trial } from "../search";
import { differences } from "./differences";
import { Journal, type JournalRecord } from "./journal";
import { type OutcomeRecord, outcomeRecord, recordedOutcome } from "./outcome-record";

export interface RunSearchOptions {
  /** Evaluations in all, those that the journal has included. */
  readonly evaluations: number;
  /** Trials asked for at a time; they are evaluated side by side, and told in the order of asking. Default 1. */
  readonly parallel?: number;
  /**
   * All that made the searcher: its kind, space and options, seed included. A journal of another search is refused. Plain data,
   * as JSON holds it; what is not, such as a predictor, is named in it.
   */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Called whenever trials were evaluated, with all so far; not for those that the journal had. */
  readonly onTold?: (told: readonly ToldTrial<unknown>[]) => void | Promise<void>;
}

const RULES: OptionRules<RunSearchOptions> = {
  evaluations: rule.wholeFrom(1),
  parallel: rule.wholeFrom(1),
  settings: {
    must: "an object of plain data",
    holds: (value) => typeof value === "object" && !Array.isArray(value) && value !== null,
  },
  onTold: { must: "a function", holds: (value) => typeof value === "function" },
};

/** The journal of a search, in its folder. */
const FILE = "search.jsonl";

/** A line of the journal: one trial. */
interface TrialRecord extends OutcomeRecord {
  readonly trial: number;
  readonly key: string;
  readonly budget?: Trial<unknown>["budget"];
}

/**
 * Searches: asks, evaluates, tells, and writes every outcome to a journal at once. Called again after a kill or an interrupt,
 * with a searcher made anew by the same settings, it tells the searcher what the journal has and goes on: the trials are those
 * of a search that was never stopped. With more `evaluations` it goes on beyond its end.
 *
 * An evaluator's state that is to survive must be JSON, e.g. the path of a checkpoint.
 * @param folder Where the journal lies, `search.jsonl`; made where it does not exist.
 * @returns All trials with their outcomes, in the order of asking: `evaluations` of them, fewer where the searcher ends.
 * @throws ConfigError when an option is wrong, or an outcome lacks a value that the searcher goes by: it is not kept.
 * @throws StudyError when the folder is another search's, or the searcher proposes other trials than the journal has.
 * @throws InterruptedError when stopped; what was evaluated is kept.
 */
export async function runSearch<A, State>(
  searcher: Searcher<A>,
  evaluator: Evaluator<A, State>,
  folder: string,
  options: RunSearchOptions,
  context: StepContext = {},
): Promise<ToldTrial<A>[]> {
  checkOptions("runSearch", options, RULES);
  for (const name of ["evaluations", "settings"] as const) {
    if (options[name] === undefined)
      throw new ConfigError(`runSearch: ${name} must be ${RULES[name].must}, got undefined`);
  }
  const lost = notPlain(options.settings, "settings");
  if (lost !== undefined) {
    throw new ConfigError(
      `runSearch: settings must be plain data, which tells one search from another, and ${lost}; give its name or its options in its place`,
    );
  }
  const lock = acquireLock(join(folder, "lock.json"), "search");
  try {
    const journal = new Journal(join(folder, FILE));
    try {
      return await searched(searcher, evaluator, journal, options, context);
    } finally {
      journal.close();
    }
  } finally {
    lock.release();
  }
}

async function searched<A, State>(
  searcher: Searcher<A>,
  evaluator: Evaluator<A, State>,
  journal: Journal,
  { evaluations, parallel = 1, settings, onTold }: RunSearchOptions,
  context: StepContext,
): Promise<ToldTrial<A>[]> {
  checkHeader(journal, { searcher: searcher.name, evaluator: evaluator.fingerprint, parallel, settings }, context);
  const known = new Map(journal.records.filter(isTrial).map((record) => [record.trial, record]));
  const progress = new Progress(
    context,
    `search by ${searcher.name}`,
    evaluations,
    "evaluations",
    Math.min(known.size, evaluations),
  );
  const told: ToldTrial<A>[] = [];
  progress.throwIfStopped();
  while (told.length < evaluations) {
    const asked = searcher.ask(parallel);
    if (asked.length === 0) break;
    // Asked for as many as ever, so that a search that goes on later has asked the same; evaluated as many as are wanted.
    const wanted = asked.slice(0, evaluations - told.length);
    const outcomes = await allOf(
      wanted.map(async (trial): Promise<Outcome> => {
        const before = known.get(trial.id);
        if (before) return recorded(journal, before, trial);
        const from = trial.from === undefined ? undefined : (told[trial.from].outcome.state as State | undefined);
        const outcome = await evaluator.evaluate(trial.architecture, trial.budget, from, context);
        const record = recordOf(trial, outcome, evaluator.name);
        // Before it is kept: a journal with an outcome that the searcher refuses could not be gone on with.
        searcher.checkOutcome?.(outcome);
        journal.append(record);
        progress.advance(1, finite(outcome.values));
        return outcome;
      }),
    );
    for (const [i, trial] of wanted.entries()) {
      searcher.tell(trial, outcomes[i]);
      told.push({ trial, outcome: outcomes[i] });
    }
    if (wanted.some(({ id }) => !known.has(id))) await onTold?.(told);
  }
  return told;
}

/** Awaits all, also where one fails: nothing is at work any more when this throws. */
async function allOf<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const settled = await Promise.allSettled(work);
  return settled.map((one) => {
    if (one.status === "rejected") throw one.reason;
    return one.value;
  });
}

const HEADER = "search";

/** Writes what search it is, or compares. */
function checkHeader(journal: Journal, search: Readonly<Record<string, unknown>>, { onWarning }: StepContext): void {
  if (journal.damaged.length > 0) {
    onWarning?.(
      `${journal.path} had ${journal.damaged.length} damaged lines; their evaluations are done again (the file as it was lies beside it)`,
    );
  }
  const now = asJson(search);
  const own = fingerprint(now);
  const header = journal.records.find(({ step }) => step === HEADER);
  if (!header && journal.records.length === 0) {
    journal.append({ step: HEADER, fingerprint: own, ...search });
    return;
  }
  if (header?.fingerprint === own) return;
  const differing = header ? Object.keys(now).flatMap((name) => differences(header[name], now[name], name)) : [];
  throw new StudyError(
    `runSearch: ${journal.path} must be of the same search, and is of another one (${header ? differing.join("; ") : "its first line is gone"}); take the settings that it was begun with, or another folder`,
    { path: journal.path, differing },
  );
}

/** As the file has it. */
function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

function isTrial(record: JournalRecord): record is TrialRecord {
  return record.step !== HEADER;
}

function recordOf<A>({ id, key, budget }: Trial<A>, outcome: Outcome, evaluator: string): TrialRecord {
  return { ...outcomeRecord(`trial/${id}`, outcome, evaluator), trial: id, key, budget };
}

function recorded<A>(journal: Journal, record: TrialRecord, trial: Trial<A>): Outcome {
  const { key, budget } = record;
  const different = differences({ key, budget }, asJson({ key: trial.key, budget: trial.budget }));
  if (different.length > 0) {
    throw new StudyError(
      `runSearch: trial ${trial.id} of ${journal.path} must be the one that the searcher proposes, and is another one (${different.join("; ")}): the searcher was made by other settings, or by another version of Blockwise; take another folder`,
      { trial: trial.id, key, proposed: trial.key },
    );
  }
  return recordedOutcome(record);
}

function finite(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Number.isFinite(value)));
}
