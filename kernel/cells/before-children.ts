import childProcess from "node:child_process";
import { syncBuiltinESMExports } from "node:module";

const STARTS = ["spawn", "spawnSync", "exec", "execSync", "execFile", "execFileSync", "fork"] as const;

/** Calls back before any child process is started: what was printed so far must be seen before what the child writes. */
export function beforeChildren(start: () => void): void {
  for (const name of STARTS) {
    const original = childProcess[name] as (...all: unknown[]) => unknown;
    const wrapped = function (this: unknown, ...all: unknown[]): unknown {
      start();
      return original.apply(this, all);
    };
    // Its name, and how util.promisify takes it.
    Object.defineProperties(wrapped, Object.getOwnPropertyDescriptors(original));
    (childProcess as unknown as Record<string, unknown>)[name] = wrapped;
  }
  syncBuiltinESMExports();
}
