import { AsyncResource } from "node:async_hooks";
import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { BlockwiseError, InterruptedError } from "./errors";
import { type Thrown, unpackThrown } from "./thrown";

/**
 * What a module that job threads load exports as `work`: does a job and tells what comes of it.
 * @throws InterruptedError soon after the signal.
 */
export type JobWork<Job, Message> = (job: Job, tell: (message: Message) => void, signal: AbortSignal) => Promise<void>;

/** From the main thread to a job thread. */
export type ToThread =
  | { readonly kind: "load"; readonly module: string }
  | { readonly kind: "job"; readonly module: string; readonly job: unknown }
  | { readonly kind: "stop" };

/** From a job thread to the main thread. */
export type FromThread =
  | { readonly kind: "told"; readonly message: unknown }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly thrown: Thrown };

const EXTENSION = extname(__filename);
const ENTRY = join(__dirname, `job-thread${EXTENSION}`);
/** A thread that nobody needed for so long (in ms) ends: until then the next jobs save its start. */
export const kept = { idleMs: 10_000 };

/** Threads without a job, with what will end them. */
const idle = new Map<Worker, NodeJS.Timeout>();
/** Threads that have ended: what is sent to them is lost without a word. */
const ended = new WeakSet<Worker>();

/** Whether job threads can be had: not where the library was bundled into one file. */
export function hasJobThreads(): boolean {
  return existsSync(ENTRY);
}

/** Starts so many threads for {@link runJobs}, so that they load the module while this one prepares the jobs. */
export function readyThreads(module: string, threads: number): void {
  const taken = Array.from({ length: threads }, takeThread);
  for (const thread of taken) {
    thread.postMessage({ kind: "load", module: module + EXTENSION } satisfies ToThread);
    leaveThread(thread);
  }
}

/**
 * Does jobs on so many worker threads, in the order given.
 *
 * After the first failure, or when stopped, the jobs at work stop and no other is begun. Threads are kept for later calls;
 * each call is served in its own async context, whoever started the thread.
 * @param module Path of the module that has the {@link JobWork}, without its extension; jobs and messages are plain data.
 * @param onMessage What it throws fails the job, but for an InterruptedError: the signal tells the threads, they end first.
 * @returns Whether all jobs were done: false when stopped.
 * @throws What a job threw first.
 */
export async function runJobs<Job, Message>(
  module: string,
  jobs: readonly Job[],
  threads: number,
  onMessage: (job: Job, message: Message) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const called = callerFrames();
  const waiting = [...jobs];
  const failures: unknown[] = [];
  const hired = Array.from({ length: Math.min(threads, jobs.length) }, takeThread);
  let stopped = signal?.aborted ?? false;
  const stop = () => {
    stopped = true;
    for (const thread of hired) thread.postMessage({ kind: "stop" } satisfies ToThread);
  };
  signal?.addEventListener("abort", stop, { once: true });
  const broken = new Set<Worker>();
  try {
    await Promise.all(
      hired.map(async (thread) => {
        while (!stopped) {
          const job = waiting.shift();
          if (job === undefined) return;
          try {
            await runOn(thread, module + EXTENSION, job, (message) => onMessage(job, message as Message));
          } catch (error) {
            // Told to stop, they say so.
            if (!(stopped && error instanceof BlockwiseError && error.code === "INTERRUPTED")) {
              failures.push(error);
              broken.add(thread);
            }
            stop();
          }
        }
      }),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
    await Promise.all(hired.map((thread) => (broken.has(thread) ? thread.terminate() : leaveThread(thread))));
  }
  if (failures.length > 0) throw withCaller(failures[0], called);
  return !stopped;
}

function takeThread(): Worker {
  // The one that worked last: what is not needed ends.
  const last = [...idle].at(-1);
  if (last) {
    const [thread, ending] = last;
    clearTimeout(ending);
    idle.delete(thread);
    thread.ref();
    return thread;
  }
  const thread = EXTENSION === ".ts" ? new Worker(fromSource(), { eval: true }) : new Worker(ENTRY);
  // A thread that dies with no job at work is not taken again.
  thread.on("error", () => {});
  thread.on("exit", () => {
    ended.add(thread);
    clearTimeout(idle.get(thread));
    idle.delete(thread);
  });
  return thread;
}

/** Keeps a thread for the next jobs; it holds up neither the process nor, for long, memory. */
function leaveThread(thread: Worker): void {
  if (ended.has(thread)) return;
  const end = () => {
    idle.delete(thread);
    void thread.terminate();
  };
  thread.unref();
  idle.set(thread, setTimeout(end, kept.idleMs).unref());
}

/** Runs the entry from its TypeScript source, in tests and development: a thread has no loader of its own. */
function fromSource(): string {
  return [require.resolve("tsx/cjs"), ENTRY].map((path) => `require(${JSON.stringify(path)});`).join("");
}

function runOn(worker: Worker, module: string, job: unknown, onTold: (message: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      for (const [event, listener] of Object.entries(listeners)) worker.off(event, listener);
      end();
    };
    const fail = (error: unknown) => settle(() => reject(error));
    const onMessage = (message: FromThread) => {
      try {
        if (message.kind === "told") onTold(message.message);
        else if (message.kind === "done") settle(resolve);
        else fail(unpackThrown(message.thrown));
      } catch (error) {
        // The listener's, e.g. a full disk: the job cannot go on.
        if (!(error instanceof InterruptedError)) fail(error);
      }
    };
    const exited = (code?: number) =>
      fail(new Error(`a job thread ended ${code === undefined ? "between two jobs" : `with exit code ${code}`}`));
    const listeners: Record<string, Parameters<Worker["on"]>[1]> = {
      // A worker emits in the async context of whoever started it: maybe another cell of the notebook, long ended.
      message: AsyncResource.bind(onMessage),
      messageerror: fail,
      error: fail,
      exit: exited,
    };
    if (ended.has(worker)) {
      exited();
      return;
    }
    for (const [event, listener] of Object.entries(listeners)) worker.on(event, listener);
    try {
      worker.postMessage({ kind: "job", module, job } satisfies ToThread);
    } catch (error) {
      fail(error);
    }
  });
}

/** Where the call stands that waits for the jobs: a thread's own stack does not say it. */
function callerFrames(): string {
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, runJobs);
  return (here.stack ?? "").split("\n").slice(1).join("\n");
}

function withCaller(error: unknown, called: string): unknown {
  if (error instanceof Error && called !== "") error.stack = `${error.stack}\n${called}`;
  return error;
}
