import { AsyncResource } from "node:async_hooks";
import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { InterruptedError } from "../core";
import { type Blobs, blobsOf } from "./blobs";
import type { Task } from "./task";
import type { FromThread, ThreadWork } from "./task-thread";
import { endThread, threadPool } from "./thread-pool";
import { unpackThrown } from "./thrown";

/** A task at work on a thread. */
export interface AtWork<Out> {
  /** Undefined when it was stopped; settles when the thread serves again, or has ended. */
  readonly output: Promise<{ readonly value: Out } | undefined>;
  stop(): void;
}

/** Ended with the task: the thread that ran it does not run another. */
type Outcome<Out> = { readonly value: Out } | { readonly error: unknown } | "stopped";

/** Begins a task on a thread that is free, or on a new one. */
export function runOnThread<In, Out, Note>(
  task: Task<In, Out, Note>,
  input: In,
  blobs: Blobs,
  onNote: (note: Note) => void,
): AtWork<Out> {
  // First: what throws must leave no open port behind, which would keep the process.
  const sent = blobsOf(input, blobs);
  const { port1: port, port2 } = new MessageChannel();
  let thread: number | undefined;
  let settle: (outcome: Outcome<Out>) => void;
  const outcome = new Promise<Outcome<Out>>((resolve) => {
    settle = resolve;
  });
  const hear = (message: FromThread) => {
    switch (message.kind) {
      case "begun":
        thread = message.thread;
        return;
      case "note":
        try {
          onNote(message.note as Note);
        } catch (error) {
          // The listener's, e.g. a full disk: the task cannot go on.
          if (!(error instanceof InterruptedError)) settle({ error });
        }
        return;
      case "done":
        settle({ value: message.output as Out });
        return;
      case "failed":
        settle({ error: unpackThrown(message.thrown) });
        return;
      case "stopped":
        settle("stopped");
    }
  };
  // A port emits in the async context of whoever started the thread: maybe another cell of the notebook, long ended.
  port.on("message", AsyncResource.bind(hear));
  port.on("messageerror", (error) => settle({ error }));
  const work: ThreadWork = { module: task.module, task: task.name, input, blobs: sent, port: port2 };
  const served = threadPool()
    .run(work, { transferList: [port2] })
    .catch((error: unknown) => {
      // What it told before it ended counts.
      for (let last = receiveMessageOnPort(port); last; last = receiveMessageOnPort(port)) hear(last.message);
      settle({ error: threadError(error) });
    });
  const output = async () => {
    try {
      const result = await outcome;
      if (result !== "stopped" && "error" in result) {
        if (thread !== undefined) await endThread(thread);
        throw result.error;
      }
      await served;
      return result === "stopped" ? undefined : result;
    } finally {
      port.close();
    }
  };
  return { output: output(), stop: () => port.postMessage("stop") };
}

function threadError(error: unknown): unknown {
  const code = error instanceof Error ? /^worker exited with code: (-?\d+)$/.exec(error.message)?.[1] : undefined;
  return code === undefined ? error : new Error(`a task's thread ended with exit code ${code}`);
}
