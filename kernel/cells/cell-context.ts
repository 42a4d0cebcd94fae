import { AsyncLocalStorage } from "node:async_hooks";
import type { Cell } from "./notebook-host";

/**
 * Which cell the code that runs now was started by: its timers and promises belong to it even when it has ended.
 *
 * Only safe together with `prepareTermination`.
 */
export class CellContext {
  private readonly storage = new AsyncLocalStorage<Cell>();

  run<T>(cell: Cell, work: () => T): T {
    return this.storage.run(cell, work);
  }

  get current(): Cell | undefined {
    return this.storage.getStore();
  }
}
