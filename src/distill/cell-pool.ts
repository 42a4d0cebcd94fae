import { existsSync } from "node:fs";
import { extname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { BlockwiseError, CheckpointError, ConfigError, type ErrorCode, TrainingError } from "../core";
import type { CellState } from "./cell-checkpoint";
import type { CellJob, FromWorker, ToWorker } from "./cell-job";

/** What a pool tells about its jobs while they run. */
export interface PoolListener {
  onBatch(job: CellJob, metrics: Record<string, number>): void;
  onEpoch(job: CellJob, state: CellState): void;
}

const ENTRY = join(__dirname, `cell-worker${extname(__filename)}`);

/** Whether worker threads can be had: not where the library was bundled into one file. */
export function hasWorkers(): boolean {
  return existsSync(ENTRY);
}

/**
 * Does jobs on so many worker threads, in the order given, each with one thread of the native engine.
 *
 * After the first failure, or when stopped, the jobs at work stop between two batches and no other is begun.
 * @returns Whether all jobs were done: false when stopped.
 * @throws What a job threw first.
 */
export async function runCellJobs(
  jobs: readonly CellJob[],
  workers: number,
  listener: PoolListener,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const waiting = [...jobs];
  const failures: unknown[] = [];
  const threads = Array.from({ length: Math.min(workers, jobs.length) }, startWorker);
  let stopped = signal?.aborted ?? false;
  const stop = () => {
    stopped = true;
    for (const thread of threads) thread.postMessage({ kind: "stop" } satisfies ToWorker);
  };
  signal?.addEventListener("abort", stop, { once: true });
  try {
    await Promise.all(
      threads.map(async (thread) => {
        while (!stopped) {
          const job = waiting.shift();
          if (!job) return;
          try {
            await runOn(thread, job, listener);
          } catch (error) {
            if (!(error instanceof BlockwiseError && error.code === "INTERRUPTED")) failures.push(error);
            stop();
          }
        }
      }),
    );
  } finally {
    signal?.removeEventListener("abort", stop);
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  if (failures.length > 0) throw failures[0];
  return !stopped;
}

function startWorker(): Worker {
  const worker = ENTRY.endsWith(".ts") ? new Worker(fromSource(), { eval: true }) : new Worker(ENTRY);
  // A thread that dies with no job at work is noticed by the next one.
  worker.on("error", () => {});
  return worker;
}

/** Runs the entry from its TypeScript source, in tests and development: a thread has no loader of its own. */
function fromSource(): string {
  return [require.resolve("tsx/cjs"), ENTRY].map((path) => `require(${JSON.stringify(path)});`).join("");
}

function runOn(worker: Worker, job: CellJob, listener: PoolListener): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      worker.off("message", onMessage);
      worker.off("error", onError);
      worker.off("exit", onExit);
      end();
    };
    const onError = (error: Error) => settle(() => reject(error));
    const onExit = (code: number) => settle(() => reject(new Error(`distill: a worker ended with exit code ${code}`)));
    const onMessage = (message: FromWorker) => {
      try {
        if (message.kind === "batch") listener.onBatch(job, message.metrics);
        else if (message.kind === "epoch") listener.onEpoch(job, message.state);
        else if (message.kind === "done") settle(resolve);
        else settle(() => reject(rebuilt(message)));
      } catch (error) {
        // The listener's, e.g. a full disk: the job cannot go on.
        settle(() => reject(error));
      }
    };
    worker.on("message", onMessage);
    worker.on("error", onError);
    worker.on("exit", onExit);
    worker.postMessage({ kind: "job", job } satisfies ToWorker);
  });
}

/** A worker's error as it would have been thrown here. */
function rebuilt({ code, message, details, stack }: Extract<FromWorker, { kind: "failed" }>): Error {
  if (code === "TRAINING") return new TrainingError(message, details);
  if (code === "CHECKPOINT") return new CheckpointError(message, details);
  if (code === "CONFIG") return new ConfigError(message, details);
  if (code) return new BlockwiseError(code as ErrorCode, message, details);
  return Object.assign(new Error(message), { stack });
}
