import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { acquireLock, type Lock, readJson, StudyError, sweepTemporaries, writeJson } from "../core";
import { differences } from "./differences";
import { environment } from "./environment";
import { Journal, type JournalRecord } from "./journal";

export interface OpenOptions {
  /** Discards what the directory holds and starts anew. */
  readonly force?: boolean;
}

const LOCK = "lock.json";

/**
 * The directory of a run: `config.json`, `environment.json`, `journal.jsonl`, `features/`, `checkpoints/`, `ratings/`,
 * `found/`, `figures/`. Opening one that exists resumes it: steps that the journal knows are not done again.
 */
export class RunDirectory {
  private constructor(
    readonly path: string,
    private readonly lock: Lock,
    private readonly journal: Journal,
  ) {}

  /**
   * Opens a run directory for writing.
   * @param config The whole configuration, plain JSON, defaults filled in.
   * @throws StudyError when another process writes there, when the directory is of another configuration (the message names
   *   the differences), or when it holds something else than a run.
   */
  static open(path: string, config: unknown, { force = false }: OpenOptions = {}): RunDirectory {
    const configFile = join(path, "config.json");
    if (existsSync(path) && !existsSync(configFile) && readdirSync(path).some((name) => !name.startsWith(LOCK))) {
      throw new StudyError(
        `run directory: ${path} must be new or hold a run, and holds other files; choose another name`,
        {
          path,
        },
      );
    }
    const lock = acquireLock(join(path, LOCK));
    try {
      sweepTemporaries(path);
      if (force) for (const name of readdirSync(path)) if (name !== LOCK) rmSync(join(path, name), { recursive: true });
      if (existsSync(configFile)) checkConfig(path, readJson(configFile), config);
      else writeJson(configFile, config);
      writeJson(join(path, "environment.json"), environment());
      for (const folder of ["features", "checkpoints", "ratings", "found", "figures"]) {
        mkdirSync(join(path, folder), { recursive: true });
      }
      return new RunDirectory(path, lock, new Journal(join(path, "journal.jsonl")));
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** A path inside the directory. */
  file(...parts: string[]): string {
    return join(this.path, ...parts);
  }

  /** Everything done so far, in order. */
  get records(): readonly JournalRecord[] {
    return this.journal.records;
  }

  /** What came of a step, or undefined when it is still to be done. */
  result<T>(step: string): T | undefined {
    return this.journal.find(step)?.result as T | undefined;
  }

  /**
   * Does a step unless the journal has it, and records what came of it.
   * @param work Must leave its files complete before it returns; may be repeated after a kill.
   * @returns The step's result, now or from the journal: plain JSON.
   */
  async step<T>(step: string, work: () => Promise<T> | T): Promise<T> {
    const done = this.journal.find(step);
    if (done) return done.result as T;
    const started = performance.now();
    const result = await work();
    const durationMs = Math.round(performance.now() - started);
    this.journal.append({ step, finished: new Date().toISOString(), durationMs, result });
    return result;
  }

  /** Gives the directory free for others. */
  close(): void {
    this.journal.close();
    sweepTemporaries(this.path);
    this.lock.release();
  }
}

function checkConfig(path: string, before: unknown, now: unknown): void {
  // Through JSON, because that is how the file has it.
  const different = differences(before, JSON.parse(JSON.stringify(now)));
  if (different.length === 0) return;
  throw new StudyError(
    `run directory: ${path} must be resumed with its own configuration, and it differs in ${different.join("; ")}; choose another name, or start anew with --force`,
    { path, differences: different },
  );
}
