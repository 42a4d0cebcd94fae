import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/**
 * Ends the processes that this one started, and theirs. Those that lead a group of their own (`detached: true`, daemons)
 * were meant to stay.
 */
export function endChildProcesses(signal: NodeJS.Signals): void {
  for (const pid of childProcesses(process.pid)) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

/** Numbers of all descendants of a process, but not of detached ones. */
export function childProcesses(root: number): number[] {
  const all = readProcesses();
  const found: number[] = [];
  const collect = (parent: number): void => {
    for (const entry of all) {
      if (entry.parent !== parent || entry.group === entry.pid) continue;
      found.push(entry.pid);
      collect(entry.pid);
    }
  };
  collect(root);
  return found;
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
    // After the name in brackets, which may hold anything: state, parent, group.
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    const [, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
  } catch {
    return [];
  }
}
