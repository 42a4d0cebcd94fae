import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { ConfigError, isDamage, type LockHolder, lockHolder, readFailure } from "../core";
import { type JournalRecord, readLines } from "./journal";
import { isRun } from "./run-files";
import { type RunProgress, readProgress, type TaskProgress } from "./run-progress";
import { runSystem } from "./run-system";
import { doneSteps } from "./step-records";

/** What becomes of a run, as its directory says; nothing is asked of the process that makes it. */
export interface RunState {
  readonly path: string;
  /**
   * `"killed"`: it ended without a word, by a kill or a power cut; `"failed"`: by an error; `"stopped"`: by Ctrl-C;
   * `"held"`: by a process of another machine, of which nobody here can say whether it lives.
   */
  readonly state: "running" | "held" | "done" | "stopped" | "failed" | "killed" | "new";
  /** What is at work, or comes next: "distill/block1"; undefined when all is done or nobody knows. */
  readonly step?: string;
  /** Steps that are done, of those that its configuration asks for. */
  readonly done: number;
  /** Undefined of runs that say nothing of it: made by an older version. */
  readonly total?: number;
  /** What is at work at the moment. */
  readonly task?: TaskProgress;
  /** Milliseconds until that task ends, from now. */
  readonly remainingMs?: number;
  readonly holder?: LockHolder;
  /** Whether the same `blockwise run` goes on with it; of a run that is done there is nothing to go on with. */
  readonly resumable: boolean;
  /** What went wrong, where something did. */
  readonly message?: string;
  /** When something was heard of it last. */
  readonly updated?: string;
  /** How often a step was made, and what of it is damaged: "line 3 of journal.jsonl is damaged". */
  readonly damage: readonly string[];
}

/** A run's state with all that is read for it. */
export interface ReadRunState {
  readonly state: RunState;
  readonly progress?: RunProgress;
  /** What is done, by step. */
  readonly records: ReadonlyMap<string, JournalRecord>;
}

/** The last step of a run. */
const LAST = "front";

/**
 * Reads what becomes of a run without touching its directory; the run may be at work.
 * @throws ConfigError when the directory is none of a run.
 */
export function readRunState(path: string, where: string): ReadRunState {
  if (!isRun(path)) {
    throw new ConfigError(
      `${where}: ${path} must be the directory of a run, and is ${existsSync(path) ? "none" : "not there"}; make one with blockwise run experiments/quickstart.json`,
      { path },
    );
  }
  const damage: string[] = [];
  const records = recordsOf(path, damage);
  const progress = progressOf(path, damage);
  const holder = lockHolder(join(path, "lock.json"));
  const planned = progress?.steps.map(({ name }) => name) ?? [];
  // A run that is not block-wise has no such step: its sitting says that it came to the end.
  const isDone = records.has(LAST) || (runSystem(path) !== undefined && progress?.end?.state === "done");
  const state = stateOf(holder, isDone, progress, records.size);
  const isAtWork = state === "running" || state === "held";
  const task = isAtWork ? progress?.tasks.filter(({ done, total }) => done < total).at(-1) : undefined;
  const message = !isAtWork && !isDone ? progress?.end?.message : undefined;
  const updated = progress?.updated ?? (records.size > 0 ? String([...records.values()].at(-1)!.finished) : undefined);
  return {
    records,
    ...(progress && { progress }),
    state: {
      path,
      state,
      ...stepOf(planned, records, isDone && !isAtWork),
      done: planned.length > 0 ? planned.filter((name) => records.has(name)).length : records.size,
      ...(planned.length > 0 && { total: planned.length }),
      ...(task && { task, ...leftOf(task) }),
      ...(holder && { holder }),
      resumable: !isAtWork && state !== "done",
      ...(message !== undefined && { message }),
      ...(updated !== undefined && { updated }),
      damage,
    },
  };
}

/**
 * The runs that some paths name: each a run's directory, or a folder of such, as `runs/` and those of sweeps are.
 * @throws ConfigError when a path names none.
 */
export function runsAt(paths: readonly string[], where: string): string[] {
  return paths.flatMap((path) => {
    const found = runsBelow(path, DEEPEST);
    if (found.length > 0) return found;
    throw new ConfigError(
      `${where}: ${path} must be a run's directory, or a folder of some, and is ${existsSync(path) ? "none" : "not there"}; make a run with blockwise run experiments/quickstart.json`,
      { path },
    );
  });
}

/** A sweep's runs lie in a folder of their own. */
const DEEPEST = 2;

function runsBelow(path: string, depth: number): string[] {
  if (isRun(path)) return [path];
  if (depth === 0) return [];
  return foldersIn(path).flatMap((name) => runsBelow(join(path, name), depth - 1));
}

function foldersIn(path: string): string[] {
  try {
    return readdirSync(path)
      .filter((name) => statSync(join(path, name), { throwIfNoEntry: false })?.isDirectory())
      .sort();
  } catch {
    return [];
  }
}

function recordsOf(path: string, damage: string[]): Map<string, JournalRecord> {
  const journal = join(path, "journal.jsonl");
  if (!existsSync(journal)) return new Map();
  try {
    const { records, damaged } = readLines(readFileSync(journal));
    for (const { line, met } of damaged) damage.push(`line ${line} of journal.jsonl ${met}: its step is done again`);
    return doneSteps(records);
  } catch (error) {
    damage.push(`journal.jsonl ${readFailure(error)}`);
    return new Map();
  }
}

function progressOf(path: string, damage: string[]): RunProgress | undefined {
  try {
    return readProgress(path);
  } catch (error) {
    if (!isDamage(error)) throw error;
    damage.push("progress.json says nothing: it is damaged, and written again when the run goes on");
    return undefined;
  }
}

function stateOf(
  holder: LockHolder | undefined,
  isDone: boolean,
  progress: RunProgress | undefined,
  records: number,
): RunState["state"] {
  if (holder?.isAlive) return "running";
  if (holder && holder.isAlive === undefined) return "held";
  if (isDone) return "done";
  const { end } = progress ?? {};
  if (end && end.state !== "done") return end.state;
  return progress || records > 0 || holder ? "killed" : "new";
}

function stepOf(planned: readonly string[], records: ReadonlyMap<string, unknown>, isDone: boolean) {
  const step = isDone ? undefined : planned.find((name) => !records.has(name));
  return step === undefined ? {} : { step };
}

/** From now on: the file is of a moment ago. */
function leftOf({ remainingMs, updated }: TaskProgress): { remainingMs?: number } {
  if (remainingMs === undefined) return {};
  return { remainingMs: Math.max(0, Math.round(remainingMs - (Date.now() - Date.parse(updated)))) };
}
