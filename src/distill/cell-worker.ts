import { parentPort } from "node:worker_threads";
import { BlockwiseError, Progress } from "../core";
import { engine } from "../engine";
import { buildCell } from "./block-supernet";
import type { CellCheckpoints } from "./cell-checkpoint";
import type { CellJob, FromWorker, ToWorker } from "./cell-job";
import { distillCell } from "./distill-cell";
import { sharedSource } from "./shared-features";

/** A thread that distils one cell after another, each with one thread of the native engine. */
const port = parentPort!;
const stop = new AbortController();
const tell = (message: FromWorker) => port.postMessage(message);

engine.use("native", { threads: 1 });
port.on("message", (message: ToWorker) => {
  if (message.kind === "stop") stop.abort();
  else void distil(message.job);
});

async function distil({ space, block, cell: index, options, features, place, state }: CellJob): Promise<void> {
  const checkpoints: CellCheckpoints = {
    place: () => place,
    read: () => state,
    write: (_block, _cell, written) => tell({ kind: "epoch", state: written }),
  };
  const onProgress = ({ metrics }: { metrics: Readonly<Record<string, number>> }) => tell({ kind: "batch", metrics });
  const cell = buildCell(space, block, index, options.seed);
  try {
    const progress = new Progress({ signal: stop.signal, onProgress }, "distill", Number.POSITIVE_INFINITY, "batches");
    await distillCell(cell, sharedSource(features), options, checkpoints, progress);
    tell({ kind: "done" });
  } catch (error) {
    const { message, stack } = error as Error;
    if (error instanceof BlockwiseError) {
      tell({ kind: "failed", code: error.code, message, details: { ...error.details } });
    } else tell({ kind: "failed", message, stack });
  } finally {
    cell.dispose();
  }
}
