import { syncBuiltinESMExports } from "node:module";
import threads, { type WorkerOptions } from "node:worker_threads";
import { TASK_THREAD } from "../../src/core/task-thread-mark";

/**
 * Knows which run started which worker threads, so that those of an interrupted run end with it. The task threads
 * of the package serve many cells and stay.
 */
export class CellWorkers {
  private readonly started = new Map<number, Set<threads.Worker>>();

  /** @param running the run that the code which runs now belongs to. */
  constructor(running: () => number | undefined) {
    const { Worker } = threads;
    const { started } = this;
    class CellWorker extends Worker {
      constructor(file: string | URL, options?: WorkerOptions) {
        super(file, options);
        const run = running();
        if (run === undefined || options?.workerData === TASK_THREAD) return;
        const workers = started.get(run) ?? new Set();
        started.set(run, workers.add(this));
        this.once("exit", () => {
          workers.delete(this);
          if (workers.size === 0) started.delete(run);
        });
      }
    }
    Object.defineProperty(CellWorker, "name", { value: "Worker" });
    threads.Worker = CellWorker;
    syncBuiltinESMExports();
  }

  /** The run is over and was interrupted. */
  stop(run: number): void {
    for (const worker of this.started.get(run) ?? []) void worker.terminate();
  }
}
