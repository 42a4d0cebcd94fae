import { closeSync, constants, openSync, readFileSync, readSync, statSync, writeSync } from "node:fs";
import { arch, platform } from "node:os";

/** Numbers of the system calls that may wait at a named pipe, by processor. */
const CALLS: Readonly<Record<string, { readonly opens: readonly number[]; readonly reads: readonly number[] }>> = {
  x64: { opens: [257], reads: [0, 19] },
  arm64: { opens: [56], reads: [63, 65] },
};
/** Longest path that is looked at, in bytes. */
const MOST_PATH = 4096;

/**
 * Ends a synchronous open or read of a pipe that this process's main thread waits in: it becomes the pipe's writer for
 * a moment, after which the read meets the end. To be called from another thread; on Linux only.
 * @param byWriting where the pipe has other writers there is no end: the read gets a line end.
 */
export function endBlockedRead(byWriting: boolean): void {
  const calls = CALLS[arch()];
  if (platform() !== "linux" || !calls) return;
  try {
    // "number arg0 arg1 ...", in hexadecimal; "running" when it is in none.
    const [number, first, second] = readFileSync(`/proc/self/task/${process.pid}/syscall`, "utf8").split(" ");
    if (calls.reads.includes(Number(number))) touch(`/proc/self/fd/${Number(first)}`, byWriting);
    else if (calls.opens.includes(Number(number))) touch(textAt(Number(second)), false);
  } catch {
    // It went on meanwhile, or the system does not tell.
  }
}

function touch(path: string, byWriting: boolean): void {
  if (!statSync(path).isFIFO()) return;
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  if (byWriting) writeSync(writer, "\n");
  closeSync(writer);
}

/** The path that the main thread gave to the system, relative ones from the folder that all threads share. */
function textAt(address: number): string {
  const memory = openSync("/proc/self/mem", "r");
  try {
    const bytes = Buffer.alloc(MOST_PATH);
    // Less is read where the memory ends.
    const read = readSync(memory, bytes, 0, MOST_PATH, address);
    const end = bytes.subarray(0, read).indexOf(0);
    return bytes.toString("utf8", 0, end < 0 ? read : end);
  } finally {
    closeSync(memory);
  }
}
