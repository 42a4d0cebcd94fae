import type { Blobs } from "./blobs";
import { checkInputs, type Done, type Executor, type MapContext, NO_BLOBS } from "./executor";
import { stoppedAt } from "./inline-executor";
import { type AtWork, runOnThread } from "./run-on-thread";
import type { Task } from "./task";
import type { ThreadWork } from "./task-thread";
import { threadPool } from "./thread-pool";

/** Runs tasks on worker threads of this process, on no more than so many at once. */
export interface ThreadExecutor extends Executor {
  /** Starts the threads and has them load a task, while this one prepares so many inputs. */
  ready(task: Pick<Task<never, unknown>, "module">, inputs: number): void;
}

/** Threads that load a module for tasks to come. */
const loading = new Set<Promise<unknown>>();

/**
 * Threads that are kept for later calls and that all executors of the process share; each call is served in its own async
 * context, whoever started the thread.
 */
export function threadExecutor(threads: number): ThreadExecutor {
  return {
    name: "threads",
    parallel: threads,
    ready({ module }, inputs) {
      for (let i = 0; i < Math.min(threads, inputs); i++) {
        const load: ThreadWork = { load: module };
        const loaded: Promise<unknown> = threadPool()
          .run(load)
          .catch(() => {})
          .finally(() => loading.delete(loaded));
        loading.add(loaded);
      }
    },
    map: (task, inputs, context) => mapOnThreads(task, inputs, context ?? {}, threads),
  };
}

function mapOnThreads<In, Out, Note>(
  task: Task<In, Out, Note>,
  inputs: readonly In[],
  context: MapContext<Note>,
  threads: number,
): AsyncIterable<Done<Out>> {
  const here: { stack?: string } = {};
  Error.captureStackTrace(here, mapOnThreads);
  const call = new Call(task, checkInputs(task, inputs), context, threads);
  return call.outputs((here.stack ?? "").split("\n").slice(1).join("\n"));
}

/** One call of an executor. */
class Call<In, Out, Note> {
  private readonly waiting: [index: number, input: In][];
  private readonly atWork = new Set<AtWork<Out>>();
  private readonly done: Done<Out>[] = [];
  private readonly failures: unknown[] = [];
  private readonly blobs: Blobs;
  private stopped = false;
  /** Wakes who waits for the next output. */
  private wake = () => {};

  constructor(
    private readonly task: Task<In, Out, Note>,
    private readonly inputs: readonly In[],
    private readonly context: MapContext<Note>,
    private readonly threads: number,
  ) {
    this.waiting = [...inputs.entries()];
    this.blobs = context.blobs ?? NO_BLOBS;
  }

  /** @param called Where the call stands that waits: a thread's own stack does not say it. */
  async *outputs(called: string): AsyncIterable<Done<Out>> {
    const { task, inputs, done, failures } = this;
    const { signal } = this.context;
    const stop = () => this.stop();
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
    let given = 0;
    let ended = false;
    const lanes = this.lanes().finally(() => {
      ended = true;
      this.wake();
    });
    try {
      for (;;) {
        for (let next = done.shift(); next; next = done.shift()) {
          given += 1;
          yield next;
        }
        if (ended) break;
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
    } finally {
      // The caller may have left the loop.
      if (!ended) stop();
      await lanes;
      signal?.removeEventListener("abort", stop);
    }
    if (failures.length > 0) throw withCaller(failures[0], called);
    if (given < inputs.length) throw stoppedAt(task, given, inputs.length);
  }

  private async lanes(): Promise<void> {
    // A thread that loads still is not free: another would be started in its place.
    await Promise.all(loading);
    await Promise.all(Array.from({ length: Math.min(this.threads, this.inputs.length) }, () => this.lane()));
  }

  private async lane(): Promise<void> {
    while (!this.stopped) {
      const next = this.waiting.shift();
      if (!next) return;
      await this.run(...next);
    }
  }

  private async run(index: number, input: In): Promise<void> {
    const { task, blobs, atWork } = this;
    let running: AtWork<Out> | undefined;
    try {
      running = runOnThread(task, input, blobs, (note) => this.context.onProgress?.(note, index));
      atWork.add(running);
      const output = await running.output;
      if (output) {
        this.done.push({ index, output: output.value });
        this.wake();
      }
    } catch (error) {
      this.failures.push(error);
      this.stop();
    } finally {
      if (running) atWork.delete(running);
    }
  }

  private stop(): void {
    this.stopped = true;
    for (const { stop } of this.atWork) stop();
  }
}

function withCaller(error: unknown, called: string): unknown {
  if (error instanceof Error && called !== "") error.stack = `${error.stack}\n${called}`;
  return error;
}
