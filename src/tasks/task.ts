import type { ZodType } from "zod";
import type { BlobStore, Blobs } from "./blobs";

/**
 * Work that any thread or process can do from its input alone, with the same outcome.
 *
 * The input is JSON with references to blobs where values are large (see {@link Blobs}); the output is plain data, and so are
 * notes. A task writes no file that others read: whoever runs it does.
 */
export interface Task<In, Out, Note = never> {
  /** Unique in its module. */
  readonly name: string;
  /** What several are called in messages, e.g. "networks"; "tasks" unless given. */
  readonly unit?: string;
  /** Work that takes longer than starting threads, in what `threadsFor` is given: a property of the work, in its own unit. */
  readonly worthThreads?: number;
  /** File that exports the task, `__filename` there: where a thread finds it. */
  readonly module: string;
  /** What an input must be; it is checked before any task of a call begins. */
  readonly input: ZodType<In>;
  /**
   * The input that goes on from what a note keeps, so that an executor whose thread or machine was lost in the midst of the task
   * begins there; undefined for a note that keeps nothing.
   * @param blobs Takes what the new input refers to.
   */
  resume?(input: In, note: Note, blobs: BlobStore): In | undefined;
  /** @throws InterruptedError soon after the signal. */
  run(input: In, at: TaskContext<Note>): Promise<Out>;
}

/** What a task is given beside its input. */
export interface TaskContext<Note = never> {
  /** Aborted when the caller stops, or another task of the call failed. */
  readonly signal: AbortSignal;
  readonly blobs: Blobs;
  /**
   * Tells the caller at once what the output is too late for: how far it is in all, a state to keep. What is told may be told
   * again: by a second attempt after the first was lost.
   */
  progress(note: Note): void;
}
