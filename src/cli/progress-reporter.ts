import { Presets, SingleBar } from "cli-progress";
import { formatDuration, type ProgressEvent } from "../core";

/** Shows the progress of one task after another. */
export interface ProgressReporter {
  report(event: ProgressEvent): void;
  /** Ends the line in work, if any. */
  finish(): void;
}

/** Seconds between two lines of a task where there is no terminal to update. */
const LINE_EVERY_MS = 10_000;
/** A bar is drawn at most so often. */
const DRAW_EVERY_MS = 100;

/** A bar that updates in place on a terminal, lines now and then otherwise. */
export function progressReporter(stream: NodeJS.WriteStream): ProgressReporter {
  return stream.isTTY ? new BarReporter(stream) : new LineReporter(stream);
}

class BarReporter implements ProgressReporter {
  private bar: SingleBar | undefined;
  private task: string | undefined;
  private drawn = 0;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  report(event: ProgressEvent): void {
    const { task, done, total } = event;
    if (task !== this.task) {
      this.finish();
      const format = "{task} [{bar}] {facts}";
      this.bar = new SingleBar({ format, stream: this.stream, barsize: 20, linewrap: false }, Presets.legacy);
      this.bar.start(total, done, { task, facts: facts(event) });
      this.task = task;
    }
    const now = performance.now();
    if (now - this.drawn < DRAW_EVERY_MS && done < total) return;
    this.drawn = now;
    this.bar?.update(done, { task, facts: facts(event) });
    this.bar?.render();
    if (done >= total) this.finish();
  }

  finish(): void {
    this.bar?.stop();
    this.bar = undefined;
    this.task = undefined;
  }
}

class LineReporter implements ProgressReporter {
  private task: string | undefined;
  private written = 0;

  constructor(private readonly stream: NodeJS.WriteStream) {}

  report(event: ProgressEvent): void {
    const { task, done, total } = event;
    const now = performance.now();
    const due = task !== this.task || done >= total || now - this.written >= LINE_EVERY_MS;
    if (!due) return;
    this.task = done >= total ? undefined : task;
    this.written = now;
    this.stream.write(`${task}: ${facts(event)}\n`);
  }

  finish(): void {}
}

/** "120/400 batches, loss 0.123, 3 s, 12 s left". */
function facts({ done, total, unit, metrics, elapsedMs, remainingMs }: ProgressEvent): string {
  const left = done < total && remainingMs !== undefined ? [`${formatDuration(remainingMs)} left`] : [];
  const values = Object.entries(metrics)
    .filter(([name]) => name !== "learningRate")
    .map(([name, value]) => `${name} ${formatMetric(name, value)}`);
  return [`${done}/${total} ${unit}`, ...values, formatDuration(elapsedMs), ...left].join(", ");
}

function formatMetric(name: string, value: number): string {
  if (/accuracy/i.test(name)) return `${(100 * value).toFixed(1)} %`;
  return Number.isInteger(value) ? String(value) : value.toPrecision(3);
}
