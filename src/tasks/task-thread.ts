import { type MessagePort, threadId } from "node:worker_threads";
import { BlockwiseError } from "../core";
import { BlobStore } from "./blobs";
import type { Task } from "./task";
import { packThrown, type Thrown } from "./thrown";

/** What a thread is sent: a module to load ahead of its first task, or a task. */
export type ThreadWork =
  | { readonly load: string }
  | {
      readonly module: string;
      readonly task: string;
      readonly input: unknown;
      readonly blobs: Map<string, unknown>;
      /** {@link FromThread} messages go out by it, and "stop" comes in. */
      readonly port: MessagePort;
    };

/** From a thread to who waits for the task. */
export type FromThread =
  | { readonly kind: "begun"; readonly thread: number }
  | { readonly kind: "note"; readonly note: unknown }
  | { readonly kind: "done"; readonly output: unknown }
  | { readonly kind: "failed"; readonly thrown: Thrown }
  /** Told to stop, it did: the thread serves again. */
  | { readonly kind: "stopped" };

/** Runs in a worker thread: one task after another. */
export default async function run(work: ThreadWork): Promise<void> {
  if ("load" in work) {
    // The first task meets again what fails here, and tells it.
    try {
      require(work.load);
    } catch {}
    return;
  }
  const { module, task: name, input, blobs, port } = work;
  const post = (message: FromThread) => port.postMessage(message);
  const stop = new AbortController();
  port.on("message", () => stop.abort());
  post({ kind: "begun", thread: threadId });
  try {
    const task = taskOf(module, name);
    const output = await task.run(task.input.parse(input), {
      signal: stop.signal,
      blobs: new BlobStore(blobs),
      progress: (note) => post({ kind: "note", note }),
    });
    post({ kind: "done", output });
  } catch (error) {
    if (stop.signal.aborted && error instanceof BlockwiseError && error.code === "INTERRUPTED") {
      post({ kind: "stopped" });
      return;
    }
    post({ kind: "failed", thrown: packThrown(error) });
    // Nobody knows what it left behind: the thread takes no other task, and is ended from outside.
    await new Promise(() => {});
  }
}

function taskOf(module: string, name: string): Task<unknown, unknown, unknown> {
  const found = Object.values(require(module) as Record<string, unknown>).find(
    (one): one is Task<unknown, unknown, unknown> =>
      typeof one === "object" && one !== null && (one as Task<unknown, unknown>).name === name && "run" in one,
  );
  if (!found) throw new Error(`${module} must export the task ${name}`);
  return found;
}
