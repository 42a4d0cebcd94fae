import { formatDuration } from "../../core";
import { type Cell, cellTitle, type RemainingTime } from "../../notebook";
import type { Output } from "../output";

/** Milliseconds between two words on a cell's progress where there is no terminal to update. */
const LINE_EVERY_MS = 10_000;

/** Says which cell runs, what it shows, how long it took and how long the rest may take. */
export class CellReporter {
  private toRun: readonly number[] = [];
  private written = 0;
  private open = false;

  constructor(
    private readonly stream: Output["progress"],
    private readonly cells: readonly Cell[],
    private readonly remaining: RemainingTime,
  ) {}

  begins(index: number, all: readonly number[]): void {
    this.toRun = all.slice(all.indexOf(index));
    this.written = performance.now();
    const number = all.indexOf(index) + 1;
    this.line(`[${number}/${all.length}] ${cellTitle(this.cells[index])}${this.left(this.toRun)}`);
  }

  progress(text: string): void {
    const line = text.slice(0, (this.stream.columns || 116) - 6);
    if (this.stream.isTTY) {
      this.stream.write(`\r\x1b[K    ${line}`);
      this.open = true;
    } else if (performance.now() - this.written >= LINE_EVERY_MS) {
      this.written = performance.now();
      this.stream.write(`    ${line}\n`);
    }
  }

  executed(index: number, seconds: number): void {
    this.remaining.executed(index, seconds);
    this.line(`    ${formatDuration(1000 * seconds)}`);
  }

  line(text: string): void {
    this.finish();
    this.stream.write(`${text}\n`);
  }

  /** Clears a line in work. */
  finish(): void {
    if (this.open) this.stream.write("\r\x1b[K");
    this.open = false;
  }

  private left(indices: readonly number[]): string {
    const milliseconds = this.remaining.of(indices);
    return milliseconds === undefined || milliseconds < 1000 ? "" : `  (about ${formatDuration(milliseconds)} left)`;
  }
}
