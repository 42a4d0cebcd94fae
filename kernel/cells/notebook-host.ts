import { type MimeBundle, NOTEBOOK_HOST, type NotebookHost } from "../../src/lab/display-protocol";
import { asJson } from "./mime";

/** One execution of a cell. */
export interface Cell {
  readonly request: number;
  readonly number: number;
  readonly controller: AbortController;
  readonly silent: boolean;
  readonly stopOnError: boolean;
  interrupts: number;
  /** Serial number of the last interrupt message that met it. */
  lastInterrupt: number;
  /** Its end was decided; what comes after is ignored. */
  settled: boolean;
  /** Its later output is dropped: it was given up. */
  stale: boolean;
}

/** What the host needs of the kernel. */
export interface HostKernel {
  /** The cell that output now belongs to: the running one, else the last, unless that was interrupted. */
  outputCell(): Cell | undefined;
  /** The running cell looks at its signal from now on. */
  listens(): void;
  publish(cell: Cell, type: "display_data" | "update_display_data", content: Record<string, unknown>): void;
}

/** Puts the library's door to the notebook at `globalThis[NOTEBOOK_HOST]`. */
export function installNotebookHost(kernel: HostKernel): NotebookHost {
  const idle = new AbortController();
  const owners = new Map<string, Cell>();
  const host: NotebookHost = {
    get signal() {
      const cell = kernel.outputCell();
      if (!cell) return idle.signal;
      kernel.listens();
      return cell.controller.signal;
    },
    display(bundle: MimeBundle, displayId?: string) {
      const cell = kernel.outputCell();
      if (!cell) return;
      if (displayId !== undefined) owners.set(displayId, cell);
      const transient = displayId === undefined ? {} : { display_id: displayId };
      kernel.publish(cell, "display_data", { data: asJson(bundle), metadata: {}, transient });
    },
    update(displayId: string, bundle: MimeBundle) {
      const cell = kernel.outputCell();
      // A loop that outlived its interrupted cell must not go on painting.
      if (!cell || owners.get(displayId)?.stale) return;
      const content = { data: asJson(bundle), metadata: {}, transient: { display_id: displayId } };
      kernel.publish(cell, "update_display_data", content);
    },
  };
  Object.defineProperty(globalThis, NOTEBOOK_HOST, { value: host, configurable: true });
  return host;
}
