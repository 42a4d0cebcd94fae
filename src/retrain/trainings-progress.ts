import type { ProgressEvent, ProgressWithin, StepContext } from "../core";
import { networkCost } from "../cost";
import type { Training } from "./retrain";

/**
 * One report over many trainings, some of which run side by side: how many networks are complete, and the time left by how
 * much of the whole work is done. Those that nobody has named yet count as the mean of the others.
 */
export class TrainingsProgress {
  private readonly started = performance.now();
  /** Work of each training that was begun, and the share of it that is done, by its task. */
  private readonly begun = new Map<string, { readonly work: number; done: number }>();
  private complete = 0;
  private metrics: ProgressEvent["metrics"] = {};

  /**
   * @param task Of the report, "retrain".
   * @param total Networks in all, those that need no training included.
   */
  constructor(
    private readonly context: StepContext,
    private readonly task: string,
    private total: number,
  ) {}

  /** Counts networks whose trainings were complete before. */
  reuse(count: number): void {
    if (count === 0) return;
    this.complete += count;
    this.report();
  }

  /** Names trainings that begin now or later; each must have a task of its own. */
  begin(trainings: readonly Training[]): void {
    for (const { architecture, options } of trainings) {
      this.begun.set(options.task ?? "", { work: networkCost(architecture).macs * options.epochs, done: 0 });
    }
  }

  /** Takes a training's own report. */
  follow({ task, done, total, unit, metrics }: ProgressEvent): void {
    const one = this.begun.get(task);
    if (!one || total === 0) return;
    one.done = done / total;
    this.report({ task, done, total, unit, metrics });
  }

  /** Counts a training that is complete, with its validation accuracy, 0..1. */
  finish({ options }: Training, accuracy: number): void {
    const one = this.begun.get(options.task ?? "");
    if (one) one.done = 1;
    this.complete += 1;
    this.metrics = { accuracy };
    this.report();
  }

  /** Ends the report where fewer networks came than were announced. */
  end(): void {
    if (this.complete >= this.total) return;
    this.total = this.complete;
    this.report();
  }

  private report(within?: ProgressWithin): void {
    const { task, total, metrics, complete: done } = this;
    const works = [...this.begun.values()];
    const known = works.reduce((sum, { work }) => sum + work, 0);
    const finished = works.reduce((sum, one) => sum + one.work * one.done, 0);
    const reused = done - works.filter((one) => one.done === 1).length;
    const unnamed = Math.max(0, total - Math.max(0, reused) - works.length);
    const left = known - finished + (works.length > 0 ? (unnamed * known) / works.length : 0);
    const elapsedMs = performance.now() - this.started;
    const remainingMs = finished > 0 ? (elapsedMs * left) / finished : undefined;
    this.context.onProgress?.({
      task,
      ...(within && { within }),
      done,
      total,
      unit: "networks",
      metrics,
      elapsedMs,
      remainingMs,
    });
  }
}
