import type { Job } from "bullmq";
import type { TaskMessage } from "./messages";
import { notesKey } from "./names";
import { type Sent, send } from "./stored-values";
import type { WorkerPlace } from "./worker-place";

/** Between two messages (in ms): notes in between go together. */
const EVERY_MS = 100;
/** A list that nobody reads is gone after a day (in s). */
const FORGOTTEN_S = 86_400;

/** Notes of a task that was removed meanwhile would stay unread. */
const PUSH = `
if redis.call("EXISTS", KEYS[1]) == 0 then return end
for i = 2, #ARGV do redis.call("RPUSH", KEYS[2], ARGV[i]) end
redis.call("EXPIRE", KEYS[2], ARGV[1])`;

export interface NoteRules {
  /** Whether a lost task can be taken up from the note. */
  readonly keeps: (note: unknown) => boolean;
  readonly onFailure: (error: unknown) => void;
}

/** Sends a task's notes, in order. */
export class NoteSender {
  private waiting: unknown[] = [];
  private sending: Promise<void> | undefined;
  private ended = false;
  private sent = 0;

  constructor(
    private readonly job: Job,
    private readonly message: TaskMessage,
    private readonly at: Pick<WorkerPlace, "client" | "store">,
    private readonly rules: NoteRules,
  ) {}

  add(note: unknown): void {
    this.waiting.push(note);
    this.sending ??= this.work().finally(() => {
      this.sending = undefined;
    });
  }

  /** Settles when all are sent, or sending failed. */
  async end(): Promise<void> {
    this.ended = true;
    while (this.sending) await this.sending;
  }

  private async work(): Promise<void> {
    try {
      while (this.waiting.length > 0) {
        const notes = this.waiting;
        this.waiting = [];
        await this.push(notes);
        if (!this.ended) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    } catch (error) {
      this.waiting = [];
      this.rules.onFailure(error);
    }
  }

  private async push(notes: readonly unknown[]): Promise<void> {
    const { job, message, at, rules } = this;
    const { client, store } = at;
    const key = notesKey(job.id!);
    const messages: string[] = [];
    let reached: Sent | undefined;
    for (const note of notes) {
      const sent = await send(note, store);
      messages.push(JSON.stringify(sent));
      if (rules.keeps(note)) reached = sent;
    }
    await client.eval(PUSH, 2, `${job.queueQualifiedName}:${job.id}`, key, FORGOTTEN_S, ...messages);
    this.sent += notes.length;
    try {
      if (reached) await job.updateData({ ...message, reached });
      await job.updateProgress(this.sent);
    } catch {
      // The task was removed, or another worker has it: its run ends by itself.
    }
  }
}
