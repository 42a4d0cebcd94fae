import { randomUUID } from "node:crypto";
import type { ProgressEvent, StepContext } from "../core";
import { type NotebookHost, notebookHost } from "./display-protocol";
import { type BarState, progressBar } from "./progress-bar";

export interface NotebookContextOptions {
  /** Outside a notebook: where each finished task is told, one line each. Nothing is told without it. */
  readonly print?: (line: string) => void;
  /** Milliseconds between two updates of a bar. */
  readonly intervalMs?: number;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/** Points of the loss curve in a bar; older ones are thinned out. */
const CURVE_POINTS = 120;

/**
 * How a step of the lab reports and is stopped: bars below the running cell that update in place, and the cell's
 * interrupt. Outside a notebook nothing is shown.
 */
export function notebookContext(options: NotebookContextOptions = {}): StepContext {
  const host = notebookHost();
  if (host) return new Bars(host, options).context();
  const { print } = options;
  if (!print) return {};
  return {
    onProgress: (event) => {
      if (event.done >= event.total) print(String(progressBar(event, "done")["text/plain"]));
    },
  };
}

/** The bars of one cell, one a task. */
class Bars {
  private readonly bars = new Map<string, Bar>();
  private readonly intervalMs: number;
  private readonly now: () => number;

  constructor(
    private readonly host: NotebookHost,
    { intervalMs = 200, now = () => performance.now() }: NotebookContextOptions,
  ) {
    this.intervalMs = intervalMs;
    this.now = now;
  }

  context(): StepContext {
    const { signal } = this.host;
    signal.addEventListener("abort", () => this.stop(), { once: true });
    return { signal, onProgress: (event) => this.report(event) };
  }

  private report(event: ProgressEvent): void {
    const known = this.bars.get(event.task);
    const bar = known ?? new Bar(this.host, this.intervalMs, this.now);
    if (!known) this.bars.set(event.task, bar);
    bar.report(event);
  }

  private stop(): void {
    for (const bar of this.bars.values()) bar.stop();
  }
}

/** A series of losses, thinned out as it grows. */
class LossSeries {
  kept: number[] = [];
  private stride = 1;
  private seen = 0;

  add(loss: number): void {
    if (this.seen++ % this.stride === 0) this.kept.push(loss);
    if (this.kept.length > CURVE_POINTS) {
      this.kept = this.kept.filter((_, i) => i % 2 === 0);
      this.stride *= 2;
    }
  }
}

class Bar {
  private readonly id = randomUUID();
  /** By cell where several are trained at once. */
  private losses = new Map<number, LossSeries>();
  private shownAt: number | undefined;
  private last: ProgressEvent | undefined;
  private stopped = false;

  constructor(
    private readonly host: NotebookHost,
    private readonly intervalMs: number,
    private readonly now: () => number,
  ) {}

  report(event: ProgressEvent): void {
    // A task may be done again under the same name: its bar starts anew.
    if (this.last && event.done < this.last.done) this.restart();
    this.last = event;
    this.note(event.metrics.loss, event.metrics.cell ?? 0);
    if (event.done >= event.total) this.show("done");
    else if (this.stopped) this.show("stopped");
    else if (this.shownAt === undefined || this.now() - this.shownAt >= this.intervalMs) this.show("running");
  }

  stop(): void {
    this.stopped = true;
    if (this.last && this.last.done < this.last.total) this.show("stopped");
  }

  private restart(): void {
    this.losses = new Map();
  }

  private note(loss: number | undefined, cell: number): void {
    if (loss === undefined || !Number.isFinite(loss)) return;
    const series = this.losses.get(cell) ?? new LossSeries();
    this.losses.set(cell, series);
    series.add(loss);
  }

  private show(state: BarState): void {
    const curves = [...this.losses].sort(([a], [b]) => a - b).map(([, series]) => series.kept);
    const bundle = progressBar(this.last as ProgressEvent, state, curves);
    if (this.shownAt === undefined) this.host.display(bundle, this.id);
    else this.host.update(this.id, bundle);
    this.shownAt = this.now();
  }
}
