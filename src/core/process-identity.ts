import { readFileSync } from "node:fs";
import { hostname } from "node:os";

/** Tells one process from any other, also from a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks between boot and the start of the process; absent where the system does not tell (not Linux). */
  readonly startTime?: string;
  readonly host: string;
}

/** This process. */
export function thisProcess(): ProcessIdentity {
  known ??= startTimeOf(process.pid) ?? "";
  return { pid: process.pid, ...(known && { startTime: known }), host: hostname() };
}

let known: string | undefined;

/** Whether a process is running; one of another machine is taken to be. */
export function isAlive({ pid, startTime, host }: ProcessIdentity): boolean {
  if (host !== hostname()) return true;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs, under another user.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startTimeOf(pid);
  return startTime === undefined || now === undefined || now === startTime;
}

function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name, in parentheses, may hold anything; state is the first field after it, start time the 20th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? "ended" : fields[19];
  } catch {
    return undefined;
  }
}
