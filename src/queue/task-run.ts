import type { Job } from "bullmq";
import { BlockwiseError, ConfigError, InterruptedError, unknownName } from "../core";
import { BlobStore, packThrown, type Task, threadExecutor } from "../tasks";
import { type JobOutcome, parseMessage, TASK_MESSAGE, type TaskMessage } from "./messages";
import { callKey } from "./names";
import { NoteSender } from "./note-sender";
import { load, receive, send } from "./stored-values";
import type { WorkerPlace } from "./worker-place";

/** Blobs that are kept for the next tasks: those of one call have features or images in common. */
const BLOBS = 8;
/** A call that was not there so often in a row has ended: one time Redis may have just come back. */
const MISSED = 2;

/** Why a task is stopped: who waits for it does no longer; it goes back to the queue; another worker has it. */
type Stop = "stopped" | "given back" | "lost";

type LooseTask = Task<unknown, unknown, unknown>;

/** A task of the queue at work. */
export class TaskRun {
  readonly call: string | undefined;
  private readonly abort = new AbortController();
  private stoppedBy: Stop | undefined;
  private missed = 0;

  constructor(
    private readonly job: Job,
    private readonly at: WorkerPlace,
  ) {
    this.call = (job.data as Partial<TaskMessage> | undefined)?.call;
  }

  stop(why: Stop): void {
    this.stoppedBy ??= why;
    this.abort.abort();
  }

  /** Stops where nobody waits any more. */
  async ask(): Promise<void> {
    this.missed = (await this.isAwaited()) ? 0 : this.missed + 1;
    if (this.missed >= MISSED) this.stop("stopped");
  }

  /**
   * What is sent back, or what else becomes of the task. What it throws is an outcome.
   * @throws what fails beside the task, which another attempt may not meet: the store, the thread.
   */
  async outcome(): Promise<JobOutcome | "given back" | "stopped"> {
    const { job, at } = this;
    const { store } = at;
    const started = performance.now();
    const tell = (what: string) => at.onEvent(`${what} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
    let name = "a task";
    try {
      const message = parseMessage(TASK_MESSAGE, "a task", job.data);
      const task = this.taskOf(message);
      name = `${task.name} ${job.id}`;
      if (!(await this.isAwaited())) return "stopped";
      const { input, blobs } = await this.inputOf(task, message);
      at.onEvent(`${name}: begins`);
      const output = await this.run(task, input, blobs, message);
      const sent = await send(output, store);
      tell(`${name}: done`);
      return { kind: "done", output: sent };
    } catch (error) {
      const { stoppedBy } = this;
      if (error instanceof InterruptedError && stoppedBy) {
        tell(`${name}: ${stoppedBy}`);
        if (stoppedBy === "lost") throw error;
        return stoppedBy;
      }
      tell(`${name}: failed, ${error instanceof Error ? error.message : error}`);
      if (!isFinal(error)) throw error;
      return { kind: "failed", thrown: await send(packThrown(error), store) };
    }
  }

  private isAwaited(): Promise<boolean> {
    return this.at.client.exists(callKey(this.call ?? "")).then((count) => count > 0);
  }

  private taskOf({ task: name }: TaskMessage): LooseTask {
    const { tasks } = this.at;
    const task = tasks.get(name);
    if (!task) throw new ConfigError(`worker: ${unknownName(`task ${JSON.stringify(name)}`, name, [...tasks.keys()])}`);
    return task as unknown as LooseTask;
  }

  /** The input as it came, or that of a lost attempt's last state. */
  private async inputOf(task: LooseTask, message: TaskMessage): Promise<{ input: unknown; blobs: BlobStore }> {
    const { store } = this.at;
    const values = new Map<string, unknown>();
    for (const [fingerprint, object] of Object.entries(message.blobs)) {
      values.set(fingerprint, await this.blob(object));
    }
    const blobs = new BlobStore(values);
    const given = await receive(message.input, store);
    const parsed = task.input.safeParse(given);
    if (!parsed.success) {
      const [{ path, message: why }] = parsed.error.issues;
      throw new ConfigError(
        `worker: the input${["", ...path.map(String)].join(".")} of ${task.name} must be as its schema says: ${why}; it is refused`,
      );
    }
    const input = parsed.data;
    if (!message.reached) return { input, blobs };
    return { input: task.resume?.(input, await receive(message.reached, store), blobs) ?? input, blobs };
  }

  private blob(object: string): Promise<unknown> {
    const { blobs, store } = this.at;
    const value = blobs.get(object) ?? load(object, store);
    value.catch(() => blobs.delete(object));
    // The newest last.
    blobs.delete(object);
    blobs.set(object, value);
    for (const oldest of blobs.keys()) {
      if (blobs.size <= BLOBS) break;
      blobs.delete(oldest);
    }
    return value;
  }

  private async run(task: LooseTask, input: unknown, blobs: BlobStore, message: TaskMessage): Promise<unknown> {
    const { job, at } = this;
    let failed: unknown;
    const notes = new NoteSender(job, message, at, {
      keeps: (note) => task.resume?.(input, note, new BlobStore()) !== undefined,
      onFailure: (error) => {
        failed = error;
        this.abort.abort();
      },
    });
    const { signal } = this.abort;
    try {
      const done = threadExecutor(1).map(task, [input], { signal, blobs, onProgress: (note) => notes.add(note) });
      let output: unknown;
      for await (const one of done) output = one.output;
      await notes.end();
      if (failed !== undefined) throw new Unsent(failed);
      return output;
    } catch (error) {
      await notes.end();
      throw failed === undefined ? error : new Unsent(failed);
    }
  }
}

/** Notes could not be sent: not the task's own failure. */
class Unsent extends Error {
  constructor(cause: unknown) {
    super(`notes could not be sent: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** Whether another attempt would end alike: what a task throws on purpose. */
function isFinal(error: unknown): boolean {
  if (error instanceof Unsent) return false;
  if (error instanceof BlockwiseError) return !/^(store|write):/.test(error.message);
  // A thread that ended, a disk that is full, memory that was short.
  return error instanceof TypeError || error instanceof RangeError;
}
