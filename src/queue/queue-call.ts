import { randomUUID } from "node:crypto";
import type { z } from "zod";
import { InterruptedError, StudyError } from "../core";
import {
  blobsOf,
  type Done,
  type MapContext,
  NO_BLOBS,
  stoppedAt,
  type Task,
  type Thrown,
  unpackThrown,
} from "../tasks";
import { MOST_BYTES, OUTCOME, parseMessage, TASK_MESSAGE, type TaskMessage } from "./messages";
import { CALL_SECONDS, callKey, notesKey, STOP_CHANNEL } from "./names";
import type { ObjectStore } from "./object-store";
import type { QueueLink } from "./queue-link";
import { type RedisPlace, redisName } from "./redis";
import { keep, receive, SENT, send } from "./stored-values";
import { THROWN } from "./thrown-schema";

/** What a call has of its executor. */
export interface CallPlace {
  readonly open: () => Promise<QueueLink>;
  readonly store: ObjectStore;
  /** Objects of blobs by fingerprint. */
  readonly kept: Map<string, string>;
  readonly place: RedisPlace;
  readonly onWarning?: (message: string) => void;
}

/** Attempts of a task that a worker, a disk or a network failed; what a task itself throws is final. */
const ATTEMPTS = 4;
/** Between two attempts at first; doubled each time (in ms). */
const BACKOFF_MS = 1000;
/** Tasks that nothing was heard of are looked up so often: a Redis that was restarted may have lost what it would tell. */
const LOOK_MS = 3000;
/** The call's key is renewed so often. */
const RENEW_MS = 15_000;
/** Tasks that shall stop have so long, then they are left alone: their worker is lost, or Redis is. */
const STOP_MS = 30_000;
/** After so long without any sign it is worth telling that nobody works. */
const SILENT_MS = 20_000;
/** Finished tasks that nobody fetched are forgotten after a day (in s). */
const FORGOTTEN_S = 86_400;
/** The lowest priority that BullMQ has. */
const LAST = 2 ** 21;
/** What BullMQ says of a task that was lost with its worker too often. */
const LOST_TOO_OFTEN = /stalled more than/;
/** Notes fetched at a time. */
const NOTES = 100;

/** One call of the executor: its tasks on the queue, until each has an output. */
export class QueueCall<In, Out, Note> {
  private readonly call = randomUUID();
  private readonly messages: TaskMessage[] = [];
  private readonly open = new Set<number>();
  private readonly rung = new Set<number>();
  private heard = Date.now();
  private warned = false;
  private wake = () => {};

  constructor(
    private readonly task: Task<In, Out, Note>,
    private readonly inputs: readonly In[],
    private readonly context: MapContext<Note>,
    private readonly at: CallPlace,
  ) {}

  async *outputs(): AsyncIterable<Done<Out>> {
    const { inputs, open, task } = this;
    const { signal } = this.context;
    if (inputs.length === 0) return;
    if (signal?.aborted) throw stoppedAt(task, 0, inputs.length);
    await this.prepare();
    const link = await this.at.open();
    const onAbort = () => this.wake();
    signal?.addEventListener("abort", onAbort);
    const renewing = setInterval(() => void this.renew(link), RENEW_MS);
    try {
      await this.begin(link);
      for (let looked = Date.now(); open.size > 0; ) {
        const all = Date.now() - looked >= LOOK_MS;
        if (all) {
          looked = Date.now();
          await this.warnIfNobodyWorks(link);
        }
        const next = [...(all ? open : this.rung)];
        this.rung.clear();
        for (const index of next) {
          if (signal?.aborted) break;
          // It may have been rung again while it was looked at for the last time.
          if (!open.has(index)) continue;
          const output = await this.look(link, index);
          if (output) yield output;
        }
        if (signal?.aborted) break;
        if (this.rung.size === 0 && open.size > 0) await this.pause(LOOK_MS);
      }
    } finally {
      clearInterval(renewing);
      signal?.removeEventListener("abort", onAbort);
      await this.end(link);
    }
    if (signal?.aborted && open.size > 0) throw stoppedAt(task, inputs.length - open.size, inputs.length);
  }

  /** Keeps the blobs and writes the messages. */
  private async prepare(): Promise<void> {
    const { task, inputs } = this;
    const { store, kept } = this.at;
    const { signal, blobs = NO_BLOBS } = this.context;
    for (const [index, input] of inputs.entries()) {
      const objects: Record<string, string> = {};
      for (const [fingerprint, value] of blobsOf(input, blobs)) {
        if (signal?.aborted) throw stoppedAt(task, 0, inputs.length);
        const object = kept.get(fingerprint) ?? (await keep(value, store));
        kept.set(fingerprint, object);
        objects[fingerprint] = object;
      }
      const message = { call: this.call, task: task.name, input: await send(input, store), blobs: objects };
      this.messages[index] = parseMessage(TASK_MESSAGE, `input ${index} of ${task.name}`, message);
    }
  }

  private async begin(link: QueueLink): Promise<void> {
    const { inputs, open } = this;
    await this.renew(link);
    for (const index of inputs.keys()) {
      open.add(index);
      link.listeners.set(this.job(index), () => {
        this.rung.add(index);
        this.heard = Date.now();
        this.wake();
      });
    }
    await link.queue.addBulk([...open].map((index) => this.entry(index)));
  }

  private job(index: number): string {
    return `${this.call}-${index}`;
  }

  private entry(index: number) {
    return {
      name: this.task.name,
      data: this.messages[index],
      opts: {
        jobId: this.job(index),
        // In the order given, which has the longest first.
        priority: Math.min(index + 1, LAST),
        attempts: ATTEMPTS,
        backoff: { type: "exponential", delay: BACKOFF_MS },
        removeOnComplete: { age: FORGOTTEN_S },
        removeOnFail: { age: FORGOTTEN_S },
        sizeLimit: MOST_BYTES,
      },
    };
  }

  private async renew({ client }: QueueLink): Promise<void> {
    await client.set(callKey(this.call), "open", "EX", CALL_SECONDS).catch(() => {});
  }

  /** Hears a task's notes; its output where it is done. */
  private async look(link: QueueLink, index: number): Promise<Done<Out> | undefined> {
    const { queue } = link;
    const job = await queue.getJob(this.job(index));
    if (!job) {
      // A Redis that was killed may have lost its last second; a worker that then took the call for ended has dropped the task.
      await this.renew(link);
      await queue.addBulk([this.entry(index)]);
      return undefined;
    }
    // All of them were told before it finished.
    const finished = job.finishedOn !== undefined;
    await this.hear(link, index);
    if (!finished) return undefined;
    const { name } = this.task;
    if (job.returnvalue === null || job.returnvalue === undefined) {
      const lost = LOST_TOO_OFTEN.test(job.failedReason);
      if (lost && this.gotOn(index, job.data)) {
        await job.remove();
        await queue.addBulk([this.entry(index)]);
        return undefined;
      }
      const what = lost
        ? "it was lost too often with the worker that had it, and got no further in between: see that its machine has memory for it"
        : `${job.attemptsMade} attempts failed, the last one by: ${job.failedReason}; mend that`;
      throw new StudyError(
        `${name}: task ${index} must be run by a worker, and ${what}; then run the same command again`,
        {
          task: name,
          index,
          attempts: job.attemptsMade,
        },
      );
    }
    const outcome = parseMessage(OUTCOME, `the outcome of ${name}`, job.returnvalue);
    await job.remove();
    this.open.delete(index);
    link.listeners.delete(this.job(index));
    await link.client.del(notesKey(this.job(index)));
    if (outcome.kind === "failed") throw await this.thrown(outcome.thrown);
    return { index, output: (await receive(outcome.output, this.at.store)) as Out };
  }

  /** Whether a task got further since it was put on the queue; it is then put there again as it is now. */
  private gotOn(index: number, now: unknown): boolean {
    const before = this.messages[index];
    const { reached } = parseMessage(TASK_MESSAGE, `task ${index} of ${this.task.name}`, now);
    if (reached === undefined || JSON.stringify(reached) === JSON.stringify(before.reached)) return false;
    this.messages[index] = { ...before, reached };
    return true;
  }

  private async thrown(sent: z.infer<typeof SENT>): Promise<Error> {
    return unpackThrown(THROWN.parse(await receive(sent, this.at.store)) as Thrown);
  }

  private async hear({ client }: QueueLink, index: number): Promise<void> {
    const { onProgress } = this.context;
    for (;;) {
      const notes = await client.lpop(notesKey(this.job(index)), NOTES);
      if (!notes || notes.length === 0) return;
      for (const note of notes) {
        const sent = parseMessage(SENT, `a note of ${this.task.name}`, parsedJson(note));
        const value = (await receive(sent, this.at.store)) as Note;
        try {
          onProgress?.(value, index);
        } catch (error) {
          if (!(error instanceof InterruptedError)) throw error;
        }
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      timer = setTimeout(resolve, ms);
      if (this.context.signal?.aborted) resolve();
    });
    clearTimeout(timer);
    this.wake = () => {};
  }

  private async warnIfNobodyWorks({ queue }: QueueLink): Promise<void> {
    if (this.warned || Date.now() - this.heard < SILENT_MS) return;
    if ((await queue.getWorkersCount()) > 0) return;
    this.warned = true;
    const redis = redisName(this.at.place.url);
    this.at.onWarning?.(
      `no worker serves the tasks on ${redis}: start blockwise worker --redis ${redis} --store ${this.at.store.name} with the same version of Blockwise, on processors of the same instruction set; the tasks wait`,
    );
  }

  /** Stops what is not done, and waits for its end. */
  private async end(link: QueueLink): Promise<void> {
    const { open, call } = this;
    const work = async () => {
      await link.client.del(callKey(call));
      if (open.size === 0) return;
      for (let left = [...open]; left.length > 0; ) {
        await link.client.publish(STOP_CHANNEL, call);
        const running: number[] = [];
        for (const index of left) if (!(await this.removed(link, index))) running.push(index);
        left = running;
        if (left.length > 0) await this.pause(50);
      }
    };
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<"late">((resolve) => {
      timer = setTimeout(() => resolve("late"), STOP_MS);
    });
    const ended = await Promise.race([work().catch(() => "late"), late]);
    clearTimeout(timer);
    for (const index of open) link.listeners.delete(this.job(index));
    if (ended === "late") {
      this.at.onWarning?.(
        `tasks could not be stopped within ${STOP_MS / 1000} s: their worker or Redis does not answer; workers drop them as soon as they hear of it`,
      );
    }
  }

  /** Whether a task is gone: one at work is locked, and goes once it has stopped. */
  private async removed({ queue, client }: QueueLink, index: number): Promise<boolean> {
    const job = await queue.getJob(this.job(index));
    if (job) {
      try {
        await job.remove();
      } catch {
        return false;
      }
    }
    await client.del(notesKey(this.job(index)));
    return true;
  }
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
