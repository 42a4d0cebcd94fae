import { readFileSync } from "node:fs";
import { constants } from "node:os";

/**
 * Sends this process SIGINT, by which Node ends the code of a cell that has not awaited: on a thread of its own, and
 * without any code on the stack of the cell. What V8 computes with big integers hears of nothing else.
 *
 * Not while nobody listens, which would end the process: Node takes the listeners away for moments.
 */
export function sendInterruptSignal(): void {
  if (isCaught(constants.signals.SIGINT)) process.kill(process.pid, "SIGINT");
}

function isCaught(signal: number): boolean {
  try {
    const mask = /^SigCgt:\s*([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return mask === undefined || ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
  } catch {
    return true; // A system that does not tell.
  }
}
