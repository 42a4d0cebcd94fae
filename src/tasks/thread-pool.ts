import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import type { Piscina } from "piscina";
import { TASK_THREAD } from "../core";

/** ".js" where the library was compiled, ".ts" in tests and development. */
const EXTENSION = extname(__filename);
/** What each thread runs. */
export const ENTRY = join(__dirname, `task-thread${EXTENSION}`);
/** A thread that nobody needed for so long (in ms) ends: until then the next tasks save its start. */
export const kept = { idleMs: 60_000 };

let started: Piscina | undefined;

/** Whether there can be threads: not where the library was bundled into one file. */
export function hasTaskThreads(): boolean {
  return existsSync(ENTRY);
}

/** The threads of the process, for whoever calls: they are kept between calls, and hold up no process that ends. */
export function threadPool(): Piscina {
  started ??= startPool();
  return started;
}

function startPool(): Piscina {
  // Loaded with the first thread: most commands need none.
  const { Piscina } = require("piscina") as typeof import("piscina");
  const pool = new Piscina({
    filename: ENTRY,
    minThreads: 0,
    // Each call limits its own.
    maxThreads: Number.MAX_SAFE_INTEGER,
    idleTimeout: kept.idleMs,
    // A thread hears in the midst of a task that it shall stop.
    atomics: "disabled",
    recordTiming: false,
    workerData: TASK_THREAD,
    // A thread has no loader of its own for TypeScript.
    ...(EXTENSION === ".ts" && { execArgv: ["--require", require.resolve("tsx/cjs")] }),
  });
  // A thread that dies with no task at work is not taken again; one at work fails its task.
  pool.on("error", () => {});
  return pool;
}

/** Ends a thread of the pool, and waits for its end. */
export async function endThread(id: number): Promise<void> {
  await threadPool()
    .threads.find(({ threadId }) => threadId === id)
    ?.terminate();
}
