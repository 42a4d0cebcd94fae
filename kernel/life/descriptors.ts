import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the process writes to by number: child processes that inherit it, native libraries, `fs.writeSync(1, ...)`. */
export interface Descriptors {
  /** Read end of what is written to descriptor 1; a read does not wait. */
  readonly stdout: number;
  /** Of descriptor 2. */
  readonly stderr: number;
  /** The terminal or log that descriptor 2 was; undefined where it cannot be opened again. */
  readonly log: number | undefined;
}

/**
 * Puts pipes in the place of descriptors 1 and 2. To be called before any other thread is there: the system gives the lowest
 * free number to whoever opens a file.
 * @returns undefined where the system has no named pipes; both are what they were then.
 */
export function captureDescriptors(): Descriptors | undefined {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "blockwise-kernel-"));
    const [stdout, stderr] = [join(folder, "1"), join(folder, "2")];
    execFileSync("mkfifo", [stdout, stderr], { stdio: "ignore" });
    const open = (path: string) => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const captured = { stdout: open(stdout), stderr: open(stderr), log: reopened("/dev/fd/2") };
    replace(1, stdout);
    replace(2, stderr);
    return captured;
  } catch {
    return undefined;
  } finally {
    // The pipes live on by their descriptors.
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function replace(descriptor: number, path: string): void {
  // Opened before the other is closed: what fails leaves it as it was.
  closeSync(openSync(path, constants.O_WRONLY));
  closeSync(descriptor);
  const got = openSync(path, constants.O_WRONLY);
  if (got !== descriptor) throw new Error(`descriptor ${descriptor} was taken, got ${got}`);
}

function reopened(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_APPEND);
  } catch {
    return undefined;
  }
}
