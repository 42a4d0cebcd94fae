import { closeSync, existsSync, fstatSync, openSync, readdirSync, rmdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  acquireLock,
  fingerprint,
  isDamage,
  type Lock,
  makeFolder,
  readJson,
  StudyError,
  sweepTemporaries,
  writeFailure,
  writeJson,
} from "../core";
import { engine } from "../engine";
import { differences } from "./differences";
import { recordSitting } from "./environment";
import { Journal, type JournalRecord } from "./journal";
import { planOutcomes, type StepOutcome } from "./plan-outcome";
import type { PlannedStep } from "./planned-step";
import { foreignEntries, isRun, markRun, RUN_FOLDERS, RUN_MARKER, removeRunFiles, SEARCH_FOLDER } from "./run-files";
import { systemOf } from "./run-system";
import { contentOf, damageOf, doneSteps } from "./step-records";

export interface OpenOptions {
  /** Deletes what a run left in the directory and starts anew; anything else there stays. */
  readonly force?: boolean;
  /** Takes a directory of another configuration as well: {@link RunDirectory.adopt} then says what stays. */
  readonly mayChange?: boolean;
}

export interface StepOptions<T> {
  /** What the step reads, for one that is not in the plan; a record that was made from something else does not count. */
  readonly reads?: Readonly<Record<string, unknown>>;
  /** Files inside the directory that belong to the result, for one that is not in the plan. */
  readonly files?: (result: T) => readonly string[];
  /** Names what came out as far as later steps read it; the files' contents when left out. */
  readonly output?: (result: T) => string;
}

const LOCK = "lock.json";

/**
 * The directory of a run: `run.json` (marks it), `config.json`, `environment.json`, `journal.jsonl`, `features/`,
 * `checkpoints/`, `ratings/`, `found/`, `figures/`. Opening one that exists resumes it: steps that the journal knows are not
 * done again, unless the plan, see {@link RunDirectory.adopt}, is not theirs any more.
 */
export class RunDirectory {
  private planned: ReadonlyMap<string, PlannedStep> = new Map();

  private constructor(
    readonly path: string,
    readonly config: unknown,
    /** The configuration that the directory had when it was opened; undefined when its file is damaged. */
    readonly configBefore: unknown,
    private readonly lock: Lock,
    private readonly journal: Journal,
    /** The marker, kept open: tells this directory from another in its place. */
    private readonly marker: number,
    /** Whether there was nothing before it was opened. */
    private readonly isNew: boolean,
  ) {}

  /**
   * Opens a run directory for writing.
   * @param config The whole configuration, plain JSON, defaults filled in.
   * @throws StudyError when another process writes there, when the directory is of another configuration (the message names
   *   the differences), or when it holds something else than a run.
   */
  static open(path: string, config: unknown, { force = false, mayChange = false }: OpenOptions = {}): RunDirectory {
    const isNew = !existsSync(path);
    checkPlace(path);
    const lock = acquireLock(join(path, LOCK));
    try {
      if (force) removeRunFiles(path);
      sweepTemporaries(path);
      markRun(path);
      const file = join(path, "config.json");
      // Through JSON, because that is how the file has it.
      const now: unknown = JSON.parse(JSON.stringify(config));
      const before = existsSync(file) ? configOf(file, mayChange) : now;
      if (before !== undefined) checkSystem(path, systemOf(before), systemOf(now));
      if (!mayChange) checkConfig(path, before, now);
      if (!existsSync(file)) writeJson(file, now);
      recordSitting(join(path, "environment.json"));
      for (const folder of Object.keys(RUN_FOLDERS)) if (folder !== SEARCH_FOLDER) makeFolder(join(path, folder));
      const journal = new Journal(join(path, "journal.jsonl"));
      return new RunDirectory(path, now, before, lock, journal, openSync(join(path, RUN_MARKER), "r"), isNew);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** A path inside the directory. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Everything that is done, in order. */
  get records(): readonly JournalRecord[] {
    return [...doneSteps(this.journal.records).values()];
  }

  /** Steps that were done at some time, whether they still count or not. */
  get everDone(): ReadonlySet<string> {
    return new Set(this.journal.records.map(({ step }) => step));
  }

  /** Lines of the journal that were damaged: their steps are done again. */
  get damagedRecords(): number {
    return this.journal.damaged.length;
  }

  /** Where the configuration differs from the one that the directory had: "seed: 1, now 2". */
  get changes(): readonly string[] {
    return this.configBefore === undefined ? [] : differences(this.configBefore, this.config);
  }

  /** What came of a step, or undefined when it is still to be done. */
  result<T>(step: string): T | undefined {
    return doneSteps(this.journal.records).get(step)?.result as T | undefined;
  }

  /** As {@link result}, of a step that was made from just what is given. */
  resultOf<T>(step: string, reads: Readonly<Record<string, unknown>>): T | undefined {
    const record = doneSteps(this.journal.records).get(step);
    return record && this.isOf(record, fingerprint(reads)) ? (record.result as T) : undefined;
  }

  /**
   * What a plan finds done, which it would do again, and why.
   * @param before The plan of {@link configBefore}: what steps that older versions recorded were made by.
   */
  compare(plan: readonly PlannedStep[], before: readonly PlannedStep[] = []): StepOutcome[] {
    const { path } = this;
    return planOutcomes(plan, {
      done: doneSteps(this.journal.records),
      before,
      differences: this.changes,
      damage: ({ files }, record) => damageOf(path, record, files(record.result)),
    });
  }

  /**
   * Makes a plan the run's own: what was done otherwise, or lost its files, counts as not done any more, and the directory
   * has the new configuration from here on.
   * @param outcomes What {@link compare} found.
   */
  adopt(plan: readonly PlannedStep[], outcomes: readonly StepOutcome[]): void {
    this.follow(plan);
    for (const { step, state, because } of outcomes) if (state === "again") this.drop(step.name, because);
    // Last: until then the records without fingerprints are those of the configuration before.
    if (this.configBefore === undefined || this.changes.length > 0) writeJson(this.file("config.json"), this.config);
  }

  /** Takes a plan as the one by which the directory was made: nothing of it is dropped. */
  follow(plan: readonly PlannedStep[]): void {
    this.planned = new Map(plan.map((step) => [step.name, step]));
  }

  /** The fingerprint that a step has in the run's plan; undefined for one that is not in it. */
  fingerprintOf(step: string): string | undefined {
    return this.planned.get(step)?.fingerprint;
  }

  /** A step does not count as done any more; what it left is replaced when it is done again. */
  drop(step: string, because: readonly string[]): void {
    if (doneSteps(this.journal.records).has(step)) this.journal.append({ step, dropped: because });
  }

  /**
   * Does a step unless it is done as it is wanted, and records what came of it: the result, fingerprints of what the step
   * read, and the contents of its files.
   * @param work Must leave its files complete before it returns; may be repeated after a kill.
   * @returns The step's result, now or from the journal: plain JSON.
   * @throws StudyError when the directory was deleted or replaced meanwhile.
   */
  async step<T>(step: string, work: () => Promise<T> | T, { reads, files, output }: StepOptions<T> = {}): Promise<T> {
    const planned = this.planned.get(step);
    const own = reads && fingerprint(reads);
    const done = doneSteps(this.journal.records).get(step);
    if (done && (own === undefined || this.isOf(done, own, files))) return done.result as T;
    this.checkInPlace();
    const started = performance.now();
    const result = await work();
    const durationMs = Math.round(performance.now() - started);
    this.checkInPlace();
    const kept = files?.(result) ?? planned?.files(result) ?? [];
    const contents = Object.fromEntries(kept.map((name) => [name, contentOf(this.file(name))]));
    const { backend, threads, isa } = engine.info();
    const named = output?.(result) ?? fingerprint(contents);
    this.followChange(step, named);
    this.journal.append({
      step,
      finished: new Date().toISOString(),
      durationMs,
      result,
      ...(planned && { fingerprint: planned.fingerprint, reads: planned.reads }),
      ...(own !== undefined && { fingerprint: own }),
      ...(kept.length > 0 && { files: contents }),
      output: named,
      engine: { backend, threads, isa },
    });
    return result;
  }

  /** @throws StudyError when the directory was deleted or replaced since it was opened, or its lock was taken over. */
  checkInPlace(): void {
    this.lock.check();
    if (this.isSame()) return;
    throw new StudyError(
      `run directory: ${this.path} must stay where it is while its run is at work, and was deleted, moved or replaced; start the run again`,
      { path: this.path },
    );
  }

  private isSame(): boolean {
    const { ino, dev } = fstatSync(this.marker);
    try {
      const there = statSync(this.file(RUN_MARKER));
      return there.ino === ino && there.dev === dev;
    } catch {
      return false;
    }
  }

  /** Gives the directory free for others; one in which nothing was done, and that was not there before, is gone again. */
  close(): void {
    const unused = this.isNew && this.journal.records.length === 0 && this.isInPlace();
    closeSync(this.marker);
    this.journal.close();
    sweepTemporaries(this.path);
    if (unused) {
      removeRunFiles(this.path);
      rmSync(this.file(RUN_MARKER), { force: true });
    }
    this.lock.release();
    if (unused) removeIfEmpty(this.path);
  }

  /** As {@link checkInPlace}, without an error. */
  isInPlace(): boolean {
    try {
      this.checkInPlace();
      return true;
    } catch {
      return false;
    }
  }

  private isOf<T>(record: JournalRecord, own: string, files?: (result: T) => readonly string[]): boolean {
    // Older versions recorded what came of it alone: nobody knows what it was made from.
    return record.fingerprint === own && damageOf(this.path, record, files?.(record.result as T)) === undefined;
  }

  /**
   * A step that was done before, and now comes out otherwise, takes what builds on it along: before its record, so that a
   * kill between the two leaves nothing that belongs to the earlier outcome.
   */
  private followChange(step: string, output: string): void {
    const before = this.journal.records.filter((record) => record.step === step && "result" in record).at(-1);
    if (!before || before.output === output) return;
    const lost = new Set([step]);
    for (const { name, after } of this.planned.values()) {
      if (!after.some((one) => lost.has(one))) continue;
      lost.add(name);
      this.drop(name, [`${step} came out otherwise`]);
    }
  }
}

function removeIfEmpty(path: string): void {
  try {
    rmdirSync(path);
  } catch {
    // Something else is in it, or another start was faster.
  }
}

/** A damaged file says nothing; what the journal records of each step still does. */
function configOf(file: string, mayChange: boolean): unknown {
  try {
    return readJson(file);
  } catch (error) {
    if (mayChange && isDamage(error)) return undefined;
    throw error;
  }
}

/** @throws StudyError unless the place is free, a run's, or what is left of a start that was killed at once. */
function checkPlace(path: string): void {
  try {
    makeFolder(path);
    readdirSync(path);
  } catch (error) {
    throw writeFailure(path, error);
  }
  if (isRun(path)) return;
  const foreign = foreignEntries(path);
  if (foreign.length === 0) return;
  const some = foreign.slice(0, 3).join(", ") + (foreign.length > 3 ? ", ..." : "");
  throw new StudyError(
    `run directory: ${path} must be new or hold a run, and holds other files (${some}); choose another name, or another folder for runs`,
    { path, foreign },
  );
}

/** @throws StudyError where a run of one system would be made one of another. */
function checkSystem(path: string, before: string | undefined, now: string | undefined): void {
  if (before === now) return;
  const words = (system: string | undefined) => (system === undefined ? "block-wise" : `of the system ${system}`);
  throw new StudyError(
    `run directory: ${path} must be resumed as it was begun, ${words(before)}, and the experiment is ${words(now)}; choose another name, or start anew with --force`,
    { path, before, now },
  );
}

function checkConfig(path: string, before: unknown, now: unknown): void {
  const different = differences(before, now);
  if (different.length === 0) return;
  throw new StudyError(
    `run directory: ${path} must be resumed with its own configuration, and it differs in ${different.join("; ")}; choose another name, or start anew with --force`,
    { path, differences: different },
  );
}
