import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** In ms since the machine started; undefined where the system does not tell. */
  readonly startedAt?: number;
}

/** Those of a cell: when they were started, in ms since the machine started, which they are whenever, and whose (with all theirs) they are not. */
export interface Started {
  readonly from: number;
  readonly to: number;
  /** Process numbers. */
  readonly own: readonly number[];
  readonly before: readonly number[];
}

/** Of the kernel's clock for processes, in ms. */
const TICK_MS = 10;

/**
 * Ends the processes that this one started, and theirs. Those that lead a group of their own (`detached: true`, daemons)
 * were meant to stay.
 * @param started only those of a cell, where the system tells.
 */
export function endChildProcesses(signal: NodeJS.Signals, started?: Started): void {
  for (const pid of childProcesses(process.pid, started)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

/** Numbers of all descendants of a process, but not of detached ones. */
export function childProcesses(root: number, started?: Started): number[] {
  const all = readProcesses();
  const found: number[] = [];
  const collect = (parent: number): void => {
    for (const entry of all) {
      if (entry.parent !== parent || entry.group === entry.pid || started?.before.includes(entry.pid)) continue;
      if (isWithin(entry, started)) found.push(entry.pid);
      collect(entry.pid);
    }
  };
  collect(root);
  return found;
}

function isWithin({ pid, startedAt }: ProcessEntry, started: Started | undefined): boolean {
  if (started === undefined || startedAt === undefined || started.own.includes(pid)) return true;
  // The time is that of the tick before.
  return startedAt >= started.from - TICK_MS && startedAt + TICK_MS <= started.to;
}

function readProcesses(): ProcessEntry[] {
  if (process.platform === "linux") return readdirSync("/proc").flatMap(readEntry);
  if (process.platform === "win32") return [];
  const listed = execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid="], { encoding: "utf8" });
  return listed
    .trim()
    .split("\n")
    .map((line) => {
      const [pid, parent, group] = line.trim().split(/\s+/).map(Number);
      return { pid, parent, group };
    });
}

function readEntry(name: string): ProcessEntry[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    // After the name in brackets, which may hold anything: state, parent, group; the start is field 22 of proc(5).
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const [, parent, group] = fields.map(Number);
    return [{ pid: Number(name), parent, group, startedAt: Number(fields[19]) * TICK_MS }];
  } catch {
    return [];
  }
}
