import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { acquireLock, ConfigError, isTemporary, makeFolder, StudyError } from "../core";
import { isRun, markRun, RUN_FOLDERS } from "./run-files";
import { checkBlockWise } from "./run-system";

/**
 * Copies what a run did into a directory that is not there yet, so that a run with another name and configuration can go on
 * from it. The journal comes last: a copy that was killed has done nothing.
 * @throws ConfigError when there is no such run or it is no block-wise one, StudyError when it is at work, or the place is taken.
 */
export function copyRun(from: string, to: string): void {
  if (!isRun(from)) {
    throw new ConfigError(`run directory: ${from} must be the directory of a run to start from, and is none`, { from });
  }
  checkBlockWise(from, "run directory");
  if (existsSync(join(to, "journal.jsonl"))) {
    throw new StudyError(
      `run directory: ${to} must be new to start from another run, and is there; leave --from out to go on with it, or choose another name`,
      { to },
    );
  }
  const lock = acquireLock(join(from, "lock.json"));
  try {
    makeFolder(to);
    markRun(to);
    const kept = Object.keys(RUN_FOLDERS).filter((name) => name !== "figures");
    for (const name of [
      ...kept,
      "teacher.safetensors",
      "front.json",
      "environment.json",
      "config.json",
      "journal.jsonl",
    ]) {
      if (!existsSync(join(from, name))) continue;
      cpSync(join(from, name), join(to, name), { recursive: true, filter: (file) => !isTemporary(file) });
    }
  } finally {
    lock.release();
  }
}
