import {
  type Comms,
  type InteractiveHost,
  type MimeBundle,
  NOTEBOOK_HOST,
  type UncaughtError,
} from "../../src/display-protocol";
import type { Request } from "../wire/threads";
import { asJson } from "./mime";

/** One execution of a cell, or of a widget's message: whatever output can belong to. */
export interface Cell {
  readonly request: number;
  /** The request below which front ends show what it prints and displays. */
  readonly output: number;
  readonly lane: Lane;
  readonly number: number;
  readonly source: string;
  /** The front end's name of the cell, where it gave one. */
  readonly name: string;
  readonly controller: AbortController;
  readonly silent: boolean;
  readonly stopOnError: boolean;
  readonly allowStdin: boolean;
  /** What the front end does when it has ended, as the protocol words it. */
  readonly payload: Record<string, unknown>[];
  interrupts: number;
  /** Interrupts of the kernel before it began. */
  readonly interruptsBefore: number;
  /** Serial number of the last interrupt message that met it. */
  lastInterrupt: number;
  /** Its end was decided; what comes after is ignored. */
  settled: boolean;
  /** Its later output is dropped: it was given up. */
  stale: boolean;
}

/** The cells of one shell: they run one after the other. */
export interface Lane {
  readonly queue: Request[];
  current: Cell | undefined;
}

export type OutputType = "display_data" | "update_display_data" | "clear_output";

/** What the host needs of the kernel. */
export interface HostKernel {
  /** The cell that output now belongs to, unless that was interrupted or shows nothing. */
  outputCell(): Cell | undefined;
  /** The cell whose code runs now, whether it shows anything or not. */
  owner(): Cell | undefined;
  /** That cell looks at its signal from now on. */
  listens(cell: Cell): void;
  publish(cell: Cell, type: OutputType, content: Record<string, unknown>): void;
  ask(cell: Cell | undefined, prompt: string, password: boolean): Promise<string>;
  readonly comms: Comms;
  readonly uncaughtErrors: readonly UncaughtError[];
  /** Hears of every cell that has ended. */
  ended: (cell: Cell) => void;
}

/** Puts the library's door to the notebook at `globalThis[NOTEBOOK_HOST]`. */
export function installNotebookHost(kernel: HostKernel): InteractiveHost {
  const idle = new AbortController();
  const owners = new Map<string, Cell>();
  console.clear = () => host.clearOutput(false);
  const host: InteractiveHost = {
    get signal() {
      const cell = kernel.owner();
      if (!cell) return idle.signal;
      kernel.listens(cell);
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
    clearOutput(wait: boolean) {
      const cell = kernel.outputCell();
      if (cell) kernel.publish(cell, "clear_output", { wait });
    },
    page(bundle: MimeBundle) {
      kernel.outputCell()?.payload.push({ source: "page", data: asJson(bundle), start: 0 });
    },
    input: (prompt: string, password: boolean) => kernel.ask(kernel.owner(), prompt, password),
    comms: kernel.comms,
    cellEnded: undefined,
    get uncaught() {
      return kernel.uncaughtErrors.map(({ cell, text }) => ({ cell, text }));
    },
  };
  kernel.ended = (cell) => {
    const shown = new Set<string>();
    host.cellEnded?.({
      cell: cell.name || `run ${cell.request}`,
      number: cell.number,
      source: cell.source,
      display(bundle, displayId, metadata) {
        const type = shown.has(displayId) ? "update_display_data" : "display_data";
        shown.add(displayId);
        kernel.publish(cell, type, { data: asJson(bundle), metadata, transient: { display_id: displayId } });
      },
    });
  };
  Object.defineProperty(globalThis, NOTEBOOK_HOST, { value: host, configurable: true });
  return host;
}
