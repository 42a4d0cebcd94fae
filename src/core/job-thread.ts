import { parentPort } from "node:worker_threads";
import { BlockwiseError } from "./errors";
import type { FromThread, JobWork, ToThread } from "./job-threads";

/** A worker thread that does one job after another, each by the module that it names. */
const port = parentPort!;
const post = (message: FromThread) => port.postMessage(message);
let stop: AbortController | undefined;

port.on("message", (message: ToThread) => {
  if (message.kind === "stop") stop?.abort();
  else if (message.kind === "load") require(message.module);
  else void run(message);
});

async function run({ module, job }: Extract<ToThread, { kind: "job" }>): Promise<void> {
  stop = new AbortController();
  try {
    const { work } = require(module) as { work: JobWork<unknown, unknown> };
    await work(job, (message) => post({ kind: "told", message }), stop.signal);
    post({ kind: "done" });
  } catch (error) {
    const { message, stack } = error as Error;
    if (error instanceof BlockwiseError) {
      post({ kind: "failed", code: error.code, message, details: { ...error.details } });
    } else post({ kind: "failed", message, stack });
  } finally {
    stop = undefined;
  }
}
