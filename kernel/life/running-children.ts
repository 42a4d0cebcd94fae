import { uptime } from "node:os";
import { endChildProcesses } from "./child-processes";

/** What an interrupt sends to the processes that the cell started, and after how long, in ms: most end at the first. */
const STEPS: readonly (readonly [signal: NodeJS.Signals, afterMs: number])[] = [
  ["SIGINT", 0],
  ["SIGTERM", 800],
  ["SIGKILL", 1600],
];

/**
 * Ends the processes that an interrupted cell started: a cell in `execSync` goes on only when its child has ended, and one
 * that awaits a child would leave it behind. Processes of earlier cells stay.
 */
export class RunningChildren {
  private cell: { readonly from: number; to?: number } | undefined;

  cellBegins(): void {
    this.cell = { from: now() };
  }

  cellEnds(): void {
    if (this.cell) this.cell.to ??= now();
  }

  /** The cell that runs now is interrupted. */
  interrupt(): void {
    const { cell } = this;
    if (!cell || cell.to !== undefined) return;
    for (const [signal, afterMs] of STEPS) {
      // It may have ended meanwhile, and another have begun.
      setTimeout(() => endChildProcesses(signal, { from: cell.from, to: cell.to ?? now() }), afterMs);
    }
  }
}

function now(): number {
  return uptime() * 1000;
}
