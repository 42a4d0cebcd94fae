import { randomUUID } from "node:crypto";
import { type ProgressEvent, type ProgressPart, ThinnedSeries } from "../../core";
import type { MimeBundle, NotebookHost } from "../../display-protocol";
import { type BarState, blockBars, progressBar, type TaskBar } from "./progress-bar";

/** Points of the loss curve in a bar; older ones are thinned out. */
const CURVE_POINTS = 120;

/** When an output may be updated again. */
export interface Pace {
  /** Milliseconds between two updates. */
  readonly intervalMs: number;
  /** Milliseconds. */
  readonly now: () => number;
}

/**
 * One output below a cell that follows a task, or the blocks of one: it is updated in place at the given pace, and at once
 * when it begins, ends or is stopped.
 */
export class LiveProgress {
  private readonly id = randomUUID();
  private readonly tasks = new Map<string, Task>();
  private shownAt: number | undefined;
  private isStopped = false;

  constructor(
    private readonly host: NotebookHost,
    private readonly pace: Pace,
  ) {}

  report(event: ProgressEvent): void {
    const known = this.tasks.get(event.task);
    const task = known ?? new Task(event);
    if (!known) this.tasks.set(event.task, task);
    task.report(event);
    const { now, intervalMs } = this.pace;
    const isDue = this.shownAt === undefined || now() - this.shownAt >= intervalMs;
    if (this.isDone || this.isStopped || isDue) this.show();
  }

  stop(): void {
    this.isStopped = true;
    if (this.tasks.size > 0 && !this.isDone) this.show();
  }

  private get isDone(): boolean {
    const parts = this.parts();
    return parts ? parts.done === parts.total : [...this.tasks.values()].every((task) => task.isDone);
  }

  /** Where the output is of blocks: how many are done. Those before the first that was seen were done earlier. */
  private parts(): { name: string; done: number; total: number } | undefined {
    const [first] = this.tasks.values();
    const { part } = first;
    if (!part || part.total < 2) return undefined;
    const done = part.index - 1 + [...this.tasks.values()].filter((task) => task.isDone).length;
    return { name: part.of, done, total: part.total };
  }

  private show(): void {
    if (this.shownAt === undefined) this.host.display(this.bundle(), this.id);
    else this.host.update(this.id, this.bundle());
    this.shownAt = this.pace.now();
  }

  private bundle(): MimeBundle {
    const state: BarState = this.isDone ? "done" : this.isStopped ? "stopped" : "running";
    const tasks = [...this.tasks.values()].map((task) => task.progress(state));
    const parts = this.parts();
    return parts ? blockBars({ ...parts, state, blocks: tasks }) : progressBar(tasks[0]);
  }
}

class Task {
  /** By cell where several are trained at once. */
  private losses = new Map<number, ThinnedSeries<number>>();

  constructor(private last: ProgressEvent) {}

  get part(): ProgressPart | undefined {
    return this.last.part;
  }

  get isDone(): boolean {
    return this.last.done >= this.last.total;
  }

  report(event: ProgressEvent): void {
    // A task may be done again under the same name: its bar starts anew.
    if (event.done < this.last.done) this.losses = new Map();
    this.last = event;
    const { loss, cell = 0 } = event.metrics;
    if (loss === undefined || !Number.isFinite(loss)) return;
    const series = this.losses.get(cell) ?? new ThinnedSeries<number>(CURVE_POINTS);
    this.losses.set(cell, series);
    series.add(loss);
  }

  progress(whole: BarState): TaskBar {
    const curves = [...this.losses].sort(([a], [b]) => a - b).map(([, series]) => series.kept);
    return { event: this.last, state: this.isDone ? "done" : whole, curves };
  }
}
