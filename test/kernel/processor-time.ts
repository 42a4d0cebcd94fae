import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** Processor time that a process took so far, all threads, in ms (Linux: ticks of 10 ms). */
export function processorTime(pid: number): number {
  // The command's name may hold blanks; what follows its bracket does not.
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Processor time taken from one second after now on, for half a second, in ms. */
export async function processorTimeAfterASecond(pid: number): Promise<number> {
  await pause(1000);
  const before = processorTime(pid);
  await pause(500);
  return processorTime(pid) - before;
}
