import type { ProgressEvent } from "../../../core";

/** Share of a task that is left out of its pace: the first units pay for the start, of threads and of compiled code. */
const START = 0.4;

interface Point {
  /** Units done; a fraction of one where what is done side by side says so. */
  readonly done: number;
  readonly elapsedMs: number;
}

/** How fast the tasks of a short run are, once they are under way. */
export class Paces {
  private readonly tasks = new Map<string, { points: Point[]; within: Map<string, number>; total: number }>();

  report(event: ProgressEvent): void {
    const { task, done, total, elapsedMs, within, unit } = event;
    const one = this.tasks.get(task) ?? { points: [], within: new Map<string, number>(), total };
    this.tasks.set(task, one);
    // Networks that are trained side by side count by the share of each that is done.
    if (within && unit === "networks") one.within.set(within.task, within.total > 0 ? within.done / within.total : 0);
    const shares = [...one.within.values()].reduce((sum, share) => sum + share, 0);
    one.points.push({ done: Math.max(done, shares), elapsedMs });
  }

  /** Units of a task; undefined for one that was not met. */
  total(task: string | RegExp): number | undefined {
    return this.find(task)?.total;
  }

  /** Milliseconds from the start of a task to its end. */
  elapsedMs(task: string | RegExp): number {
    return this.find(task)?.points.at(-1)?.elapsedMs ?? 0;
  }

  /** Milliseconds a unit; undefined for a task that was not met, or had nothing to do. */
  perUnit(task: string | RegExp): number | undefined {
    const points = this.find(task)?.points ?? [];
    const last = points.at(-1);
    if (!last || last.done === 0) return undefined;
    const from = points.find(({ done }) => done >= START * last.done)!;
    if (last.done - from.done <= 0) return last.elapsedMs / last.done;
    return (last.elapsedMs - from.elapsedMs) / (last.done - from.done);
  }

  private find(task: string | RegExp) {
    if (typeof task === "string") return this.tasks.get(task);
    return [...this.tasks].find(([name]) => task.test(name))?.[1];
  }
}
