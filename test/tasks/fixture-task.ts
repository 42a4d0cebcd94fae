import { threadId } from "node:worker_threads";
import { z } from "zod";
import { type BlockwiseError, ConfigError, InterruptedError } from "../../src/core";
import * as ours from "../../src/core/errors";
import type { Task } from "../../src/tasks";

/** `throw`: one of ours by class, or what the name says. Other keys go along. */
const input = z.looseObject({ does: z.enum(["tell", "fail", "wait", "end", "throw"]), what: z.string().optional() });

export type FixtureInput = z.infer<typeof input>;

type Ours = new (message: string, details?: Record<string, unknown>, options?: ErrorOptions) => BlockwiseError;

/** The classes of our errors by name. */
export const OURS: ReadonlyMap<string, Ours> = new Map(
  Object.entries(ours).filter(([name]) => name !== "BlockwiseError") as [string, Ours][],
);

/** Tells its thread's number; then ends with it, fails, waits to be stopped or ends the thread. */
export const fixture: Task<FixtureInput, number, number> = {
  name: "fixture",
  module: __filename,
  input,
  async run({ does, what }, { signal, progress }) {
    progress(threadId);
    switch (does) {
      case "fail":
        throw new ConfigError("fixture: asked to fail", { does: "fail" });
      case "throw":
        throw thrown(what!);
      case "end":
        process.exit(7);
        break;
      case "wait":
        await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
        throw new InterruptedError("fixture: stopped");
    }
    return threadId;
  },
};

function thrown(what: string): unknown {
  const cause = new RangeError("the reason");
  const Class = OURS.get(what);
  if (Class) return new Class("fixture: of ours", { at: 3, shape: [1, 2], heard: () => {} }, { cause });
  if (what === "system") {
    return Object.assign(new Error("ENOSPC: no space left"), { code: "ENOSPC", errno: -28, syscall: "write" });
  }
  if (what === "type") return new TypeError("fixture: a type", { cause });
  if (what === "itself") {
    const error = new Error("fixture: its own cause");
    error.cause = error;
    return error;
  }
  return what === "nothing" ? undefined : what;
}
