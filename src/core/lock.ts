import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { InterruptedError, StudyError } from "./errors";
import { readFailure, systemCode, writeFailure } from "./file-error";
import { makeFolder } from "./make-folder";
import { isAlive, type ProcessIdentity, thisProcess } from "./process-identity";
import type { StepContext } from "./progress";
import { temporaryName } from "./temporary-files";

/** The right to write into a directory. */
export interface Lock {
  /**
   * Asks whether it is still held. A lock that its owner cannot release any more is taken over by removing its file; an
   * owner that lives after all finds out here, and must write nothing more.
   * @throws StudyError when the file is gone or another's.
   */
  check(): void;
  release(): void;
}

/**
 * Takes a lock file that names its owner (process and start time); a dead owner's lock is taken over, and so is a file
 * that names no process.
 * @param what What the lock guards, for messages, e.g. "run directory".
 * @throws StudyError when a process holds it that lives, or may: the message has the command that takes it over.
 */
export function acquireLock(path: string, what = "run directory"): Lock {
  const content = JSON.stringify(thisProcess());
  let own: string | undefined;
  try {
    makeFolder(dirname(path));
    own = join(dirname(path), temporaryName(path));
    // A link to a complete file appears at once: nobody ever reads half a lock.
    writeFileSync(own, content, { flag: "wx" });
    while (!taken(own, path, content)) removeIfDead(path, what);
  } catch (error) {
    throw writeFailure(path, error);
  } finally {
    if (own) rmSync(own, { force: true });
  }
  return {
    check() {
      if (readOwner(path, what) === content) return;
      throw new StudyError(
        `${what}: ${dirname(path)} must stay as it is while this process writes there, and its lock ${path} was removed or taken over; nothing more is written there. Run the same command again`,
        { path },
      );
    },
    release() {
      try {
        if (readFileSync(path, "utf8") === content) rmSync(path, { force: true });
      } catch {
        // It was removed before.
      }
    },
  };
}

/** Who holds a lock, as far as can be seen from here. */
export interface LockHolder extends ProcessIdentity {
  /** When it was taken. */
  readonly since: string;
  /** False: it ended and left the lock behind. Of another machine's process nobody can say: undefined. */
  readonly isAlive: boolean | undefined;
}

/** Reads who holds a lock, without touching it; undefined when nobody does, or its file says nothing. */
export function lockHolder(path: string): LockHolder | undefined {
  try {
    const owner = parseOwner(readFileSync(path, "utf8"));
    if (!owner) return undefined;
    const since = statSync(path).mtime.toISOString();
    return { ...owner, since, isAlive: owner.host === thisProcess().host ? isAlive(owner) : undefined };
  } catch {
    return undefined;
  }
}

/** False when somebody has the lock. */
function taken(from: string, path: string, content: string): boolean {
  try {
    linkSync(from, path);
    return true;
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return false;
    // Disks without links, e.g. FAT.
    if (code !== "EPERM" && code !== "ENOTSUP" && code !== "ENOSYS" && code !== "EMLINK") throw error;
  }
  try {
    writeFileSync(path, content, { flag: "wx" });
    return true;
  } catch (error) {
    if (systemCode(error) === "EEXIST") return false;
    throw error;
  }
}

function removeIfDead(path: string, what: string): void {
  const text = readOwner(path, what);
  if (text === undefined) return;
  const owner = parseOwner(text);
  if (owner && isAlive(owner)) throw held(path, owner, what);
  // Moved before it is removed: of two that saw the same dead owner, the slower may have caught the faster one's new lock.
  const moved = join(dirname(path), temporaryName(path));
  try {
    renameSync(path, moved);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  const caught = readFileSync(moved, "utf8");
  if (caught !== text) taken(moved, path, caught);
  rmSync(moved);
}

function readOwner(path: string, what: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    if (systemCode(cause) === "ENOENT" || systemCode(cause) === "ENOTDIR") return undefined;
    throw new StudyError(
      `${what}: the lock ${path} must be a file that can be read, and ${readFailure(cause)}; remove it (rm -r ${quoted(path)}) and run the same command again`,
      { path },
      { cause },
    );
  }
}

function parseOwner(text: string): ProcessIdentity | undefined {
  try {
    const owner = JSON.parse(text);
    return Number.isInteger(owner?.pid) && owner.pid > 0 && typeof owner?.host === "string" ? owner : undefined;
  } catch {
    return undefined;
  }
}

function held(path: string, owner: ProcessIdentity, what: string): StudyError {
  const { pid, host, startTime } = owner;
  const own = thisProcess();
  const at = `process ${pid} on ${host} is at it${since(path)}`;
  const remove = `rm ${quoted(path)}`;
  let mend = `wait for it, end it (kill ${pid}), or choose another name`;
  if (host !== own.host) {
    mend = `wait for it, or choose another name. Whether it still runs cannot be seen from ${own.host}: if it does not, take over by ${remove} and run the same command again`;
  } else if (pid === own.pid) {
    mend = "that is this process: it has it open already; close it there, or choose another name";
  } else if (startTime === undefined) {
    mend += `; if process ${pid} is another program by now, take over by ${remove} and run the same command again`;
  }
  return new StudyError(`${what}: ${dirname(path)} must be written by one process at a time, and ${at}; ${mend}`, {
    path,
    ...owner,
  });
}

function since(path: string): string {
  try {
    const { mtime } = statSync(path);
    const days = Math.floor((Date.now() - mtime.getTime()) / 86_400_000);
    return ` since ${mtime.toISOString()}${days > 0 ? ` (${days} day${days > 1 ? "s" : ""} ago)` : ""}`;
  } catch {
    return "";
  }
}

/** As a POSIX shell takes it for one word. */
function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

/** How often a lock that is waited for is asked for again. */
const ASK_MS = 200;

/**
 * As {@link acquireLock}, waiting while another process, or another part of this one, has it.
 * @param onHeld Told once, in the words of the error, who has it and what takes it over.
 * @throws InterruptedError when stopped.
 */
export async function waitForLock(
  path: string,
  what: string,
  { signal }: Pick<StepContext, "signal">,
  onHeld: (message: string) => void,
): Promise<Lock> {
  for (let isTold = false; ; ) {
    try {
      return acquireLock(path, what);
    } catch (error) {
      if (!(error instanceof StudyError && "pid" in error.details)) throw error;
      if (!isTold) onHeld(error.message);
      isTold = true;
    }
    if (signal?.aborted) throw new InterruptedError(`${what}: stopped while waiting for ${path}`, { path });
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
}
