import { parentPort } from "node:worker_threads";
import type { FromThread, JobWork, ToThread } from "./job-threads";
import { packThrown } from "./thrown";

/** A worker thread that does one job after another, each by the module that it names. */
const port = parentPort!;
const post = (message: FromThread) => port.postMessage(message);
let stop: AbortController | undefined;

port.on("message", (message: ToThread) => {
  if (message.kind === "stop") stop?.abort();
  else if (message.kind === "load") load(message.module);
  else void run(message);
});

/** Ahead of the first job, which meets again what fails here and tells it. */
function load(module: string): void {
  try {
    require(module);
  } catch {}
}

async function run({ module, job }: Extract<ToThread, { kind: "job" }>): Promise<void> {
  stop = new AbortController();
  try {
    const { work } = require(module) as { work: JobWork<unknown, unknown> };
    await work(job, (message) => post({ kind: "told", message }), stop.signal);
    post({ kind: "done" });
  } catch (error) {
    post({ kind: "failed", thrown: packThrown(error) });
  } finally {
    stop = undefined;
  }
}
