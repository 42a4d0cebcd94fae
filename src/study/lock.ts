import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { StudyError } from "../core";
import { isAlive, type ProcessIdentity, thisProcess } from "./process-identity";

/** The right to write into a directory. */
export interface Lock {
  release(): void;
}

let attempts = 0;

/**
 * Takes a lock file that names its owner (process and start time); a dead owner's lock is taken over.
 * @throws StudyError when a living process holds it.
 */
export function acquireLock(path: string): Lock {
  mkdirSync(dirname(path), { recursive: true });
  const own = `${path}.${process.pid}.${attempts++}`;
  const content = JSON.stringify(thisProcess());
  // A link to a complete file appears at once: nobody ever reads half a lock.
  writeFileSync(own, content);
  try {
    while (!linked(own, path)) removeIfDead(path);
  } finally {
    rmSync(own, { force: true });
  }
  return {
    release() {
      if (readOwner(path) === content) rmSync(path, { force: true });
    },
  };
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function removeIfDead(path: string): void {
  const text = readOwner(path);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner && isAlive(owner)) throw held(path, owner);
  // Moved before it is removed: of two that saw the same dead owner, the slower may have caught the faster one's new lock.
  const moved = `${path}.dead.${process.pid}.${attempts++}`;
  try {
    renameSync(path, moved);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readFileSync(moved, "utf8") !== text) linked(moved, path);
  rmSync(moved);
}

function readOwner(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(text);
    return Number.isInteger(owner?.pid) && typeof owner?.host === "string" ? owner : undefined;
  } catch {
    return undefined;
  }
}

function held(path: string, owner: ProcessIdentity): StudyError {
  return new StudyError(
    `run directory: ${dirname(path)} must be written by one process at a time, and process ${owner.pid} on ${owner.host} is at it; wait for it, or choose another name`,
    { path, ...owner },
  );
}
