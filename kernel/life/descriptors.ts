import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, ftruncateSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the process writes to by number: child processes that inherit it, native libraries, `fs.writeSync(1, ...)`. */
export interface Descriptors {
  /** Read end of what is written to descriptor 1; a read does not wait. */
  readonly stdout: number;
  /** Of descriptor 2. */
  readonly stderr: number;
  /** For the kernel's own troubles: leads to where descriptor 2 led, which may be a socket, that nobody can open again. */
  readonly log: number;
  /** File of what was read from descriptor 2 and may not have been sent yet; opened to append to. */
  readonly unsent: number;
}

/**
 * Passes the log on, and when all of it has come, with the process, what that said last and nobody sent or read: Node's and
 * V8's words in the moment of a crash.
 */
const KEEP_LOG = "cat; cat <&4; cat <&3 2>/dev/null";

/**
 * Puts pipes in the place of descriptors 1 and 2. To be called before any other thread is there: the system gives the lowest
 * free number to whoever opens a file.
 * @returns undefined where the system has no named pipes; both are what they were then.
 */
export function captureDescriptors(): Descriptors | undefined {
  let folder: string | undefined;
  try {
    folder = mkdtempSync(join(tmpdir(), "blockwise-kernel-"));
    const [stdout, stderr, log] = ["1", "2", "log"].map((name) => join(folder!, name));
    execFileSync("mkfifo", [stdout!, stderr!, log!], { stdio: "ignore" });
    const captured = { stdout: openToRead(stdout!), stderr: openToRead(stderr!), log: openLog(log!) };
    const unsent = openSync(join(folder, "unsent"), "a");
    // Who ends in order sends what it has.
    process.once("exit", () => ftruncateSync(unsent));
    keepLog(captured, openSync(join(folder, "unsent"), "r"));
    replace(1, stdout!);
    replace(2, stderr!);
    return { ...captured, log: captured.log.write, unsent };
  } catch {
    return undefined;
  } finally {
    // The pipes live on by their descriptors.
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function openToRead(path: string): number {
  return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Both ends wait, each for the other; the one that is opened first must not. */
function openLog(path: string): { readonly read: number; readonly write: number } {
  const first = openToRead(path);
  const write = openSync(path, constants.O_WRONLY);
  const read = openSync(path, constants.O_RDONLY);
  closeSync(first);
  return { read, write };
}

/** A process of its own has what descriptor 2 was, for it cannot be put elsewhere; it ends with this one. */
function keepLog(
  { stderr, log }: { readonly stderr: number; readonly log: { readonly read: number } },
  unsent: number,
): void {
  const keeper = spawn("sh", ["-c", KEEP_LOG], { stdio: [log.read, 2, 2, stderr, unsent], detached: true });
  keeper.on("error", () => {});
  keeper.unref();
  closeSync(log.read);
  closeSync(unsent);
}

function replace(descriptor: number, path: string): void {
  // Opened before the other is closed: what fails leaves it as it was.
  closeSync(openSync(path, constants.O_WRONLY));
  closeSync(descriptor);
  const got = openSync(path, constants.O_WRONLY);
  if (got !== descriptor) throw new Error(`descriptor ${descriptor} was taken, got ${got}`);
}
