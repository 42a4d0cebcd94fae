import { lstatSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { threadId } from "node:worker_threads";
import { sha256 } from "./content-hash";
import { isAlive, thisProcess } from "./process-identity";

/** `<name>.<host>-<process>-<start of the process>-<thread>-<number>.tmp` */
const TEMPORARY = /\.([0-9a-f]{8})-(\d+)-(\d*)-(\d+)-\d+\.tmp$/;
/** A temporary file of another machine, which cannot be asked, is left for so long. */
const FOREIGN_MS = 24 * 3600 * 1000;

let made = 0;

/** A name that nobody else uses, for a file that is about to replace another or is none yet; it names its owner. */
export function temporaryName(path: string): string {
  const { host, pid, startTime = "" } = thisProcess();
  // Names have at most 255 bytes.
  const base = basename(path).slice(0, 50);
  return `${base}.${shortHost(host)}-${pid}-${startTime}-${threadId}-${made++}.tmp`;
}

/** Whether a file is one that {@link temporaryName} named. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/**
 * Removes temporary files whose owners do not live any more from a folder and those below it; only files that Blockwise
 * named. Leaves what cannot be removed.
 * @returns How many were removed.
 */
export function sweepTemporaries(folder: string): number {
  let removed = 0;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) removed += sweepTemporaries(path);
    else if (entry.isFile() && isAbandoned(entry.name, path)) {
      rmSync(path, { force: true });
      removed++;
    }
  }
  return removed;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isAbandoned(name: string, path: string): boolean {
  const [, short, pid, startTime, thread] = TEMPORARY.exec(name) ?? [];
  if (short === undefined) return false;
  const { host, pid: own, startTime: started = "" } = thisProcess();
  if (short !== shortHost(host)) return olderThan(path, FOREIGN_MS);
  // Files are written without a pause: one of this very thread that is there now was left.
  if (Number(pid) === own && startTime === started) return Number(thread) === threadId;
  return !isAlive({ pid: Number(pid), host, ...(startTime && { startTime }) });
}

function olderThan(path: string, ms: number): boolean {
  try {
    return Date.now() - lstatSync(path).mtimeMs > ms;
  } catch {
    return false;
  }
}

function shortHost(host: string): string {
  return sha256(host).slice(0, 8);
}
