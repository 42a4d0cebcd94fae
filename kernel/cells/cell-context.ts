import { AsyncLocalStorage, AsyncResource } from "node:async_hooks";
import type { Cell } from "./notebook-host";

/**
 * Which cell the code that runs now was started by: its timers and promises belong to it even when it has ended.
 *
 * Only safe together with `prepareTermination`.
 */
export class CellContext {
  private readonly storage = new AsyncLocalStorage<Cell>();

  /** In a resource of its own: when the work is terminated, what it entered is never left, and must not stay behind. */
  run<T>(cell: Cell, work: () => T): T {
    return new AsyncResource("BlockwiseCell").runInAsyncScope(() => this.storage.run(cell, work));
  }

  get current(): Cell | undefined {
    return this.storage.getStore();
  }
}
