import { endChildProcesses, type Started } from "./child-processes";
import { sinceBoot } from "./kept-children";

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
  private cell: (Omit<Started, "to"> & { to?: number }) | undefined;

  /**
   * @param from when, in ms since the machine started. Cells may follow each other within a tick of the clock of processes.
   * @param before those that earlier cells started and that still run.
   */
  cellBegins(from: number, before: readonly number[]): void {
    this.cell = { from, before };
  }

  cellEnds(): void {
    if (this.cell) this.cell.to ??= sinceBoot();
  }

  /** The cell that runs now is interrupted. */
  interrupt(): void {
    const { cell } = this;
    if (!cell || cell.to !== undefined) return;
    for (const [signal, afterMs] of STEPS) {
      // It may have ended meanwhile, and another have begun.
      setTimeout(() => endChildProcesses(signal, { ...cell, to: cell.to ?? sinceBoot() }), afterMs);
    }
  }
}
