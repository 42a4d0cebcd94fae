import { endChildProcesses, type Started } from "./child-processes";
import { sinceBoot } from "./kept-children";

/** What an interrupt sends to the processes that the cell started, and after how long, in ms: most end at the first. */
const STEPS: readonly (readonly [signal: NodeJS.Signals, afterMs: number])[] = [
  ["SIGINT", 0],
  ["SIGTERM", 800],
  ["SIGKILL", 1600],
];

/**
 * Ends the processes that interrupted cells started: a cell in `execSync` goes on only when its child has ended, and one
 * that awaits a child would leave it behind. Processes of earlier cells stay.
 */
export class RunningChildren {
  private cells: (Omit<Started, "to" | "own"> & { to?: number; own: readonly number[] }) | undefined;

  /**
   * The first of those that run together.
   * @param from when, in ms since the machine started. Cells may follow each other within a tick of the clock of processes.
   * @param before those that earlier cells started and that still run.
   */
  cellsBegin(from: number, before: readonly number[]): void {
    this.cells = { from, before, own: [] };
  }

  /**
   * The last of them.
   * @param left what runs on: theirs, and what ran before.
   */
  cellsEnd(left: readonly number[]): void {
    if (!this.cells || this.cells.to !== undefined) return;
    this.cells.to = sinceBoot();
    this.cells.own = left;
  }

  /** The cells that run now are interrupted. */
  interrupt(): void {
    const { cells } = this;
    if (!cells || cells.to !== undefined) return;
    for (const [signal, afterMs] of STEPS) {
      // They may have ended meanwhile, and others have begun.
      setTimeout(() => endChildProcesses(signal, { ...cells, to: cells.to ?? sinceBoot() }), afterMs);
    }
  }
}
