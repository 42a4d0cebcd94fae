import { join } from "node:path";
import { z } from "zod";
import {
  BlockwiseError,
  InterruptedError,
  isDamage,
  type ProgressEvent,
  readJsonAs,
  ThinnedSeries,
  writePassing,
} from "../core";
import type { PlannedStep } from "./planned-step";
import type { RunContext } from "./run-context";
import type { RunDirectory } from "./run-directory";

export const PROGRESS_FILE = "progress.json";

/** Milliseconds between two writings while nothing begins or ends: cheap, and as often as people look. */
const WRITE_EVERY_MS = 1000;
/** Points of a loss curve. */
const CURVE_POINTS = 160;
/** Tasks that ended; of older ones nothing is told. */
const MOST_TASKS = 200;

const count = z.number();
const part = z.object({
  task: z.string(),
  done: count,
  total: count,
  unit: z.string(),
  /** Current figures; null where one is not finite. */
  metrics: z.record(z.string(), count.nullable()),
  /** `[done, loss]`, thinned out. */
  losses: z.array(z.tuple([count, count])),
});
const task = part.extend({
  begun: z.string(),
  updated: z.string(),
  elapsedMs: count,
  remainingMs: count.optional(),
  /** Those that it does side by side. */
  within: z.array(part),
});
const schema = z.object({
  /** When the process that is at the run began with it. */
  began: z.string(),
  updated: z.string(),
  /** How the sitting ended; missing while it goes on, and where it was killed. */
  end: z
    .object({
      state: z.enum(["done", "stopped", "failed"]),
      message: z.string().optional(),
      code: z.string().optional(),
    })
    .optional(),
  /** All that the run's configuration asks for, in order. */
  steps: z.array(z.object({ name: z.string(), family: z.string() })),
  tasks: z.array(task),
});

/** What a run is at, as its process tells others. */
export type RunProgress = z.output<typeof schema>;
/** One task of it. */
export type TaskProgress = RunProgress["tasks"][number];
/** One of several that a task does side by side. */
export type PartProgress = TaskProgress["within"][number];

/**
 * Reads what the process at a run wrote last; undefined where there is nothing.
 * @throws CheckpointError when the file is damaged.
 */
export function readProgress(directory: string): RunProgress | undefined {
  const path = join(directory, PROGRESS_FILE);
  try {
    return readJsonAs(path, schema, { what: "a run's progress", mend: "delete it: the run writes it again" });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === "ENOENT";
}

/**
 * Tells others, by a small file in the run's directory, what the process is at: `blockwise status` and `watch` read it. It is
 * no part of the run's results; a disk that is full, or a write that fails, stops nothing.
 */
export class ProgressFile {
  private readonly tasks = new Map<string, WrittenTask>();
  private readonly began = now();
  private steps: RunProgress["steps"] = [];
  private end: RunProgress["end"];
  private written = Number.NEGATIVE_INFINITY;

  /** @param run Whose process holds the directory. */
  constructor(private readonly run: RunDirectory) {}

  /** Names all steps of the run. */
  plan(steps: readonly PlannedStep[]): void {
    this.steps = steps.map(({ name, family }) => ({ name, family }));
    this.write();
  }

  report(event: ProgressEvent): void {
    const known = this.tasks.get(event.task);
    // A task of the same name that begins again is another one.
    const begins = known === undefined || event.done < known.done;
    const one = begins ? new WrittenTask() : known;
    if (begins) this.tasks.delete(event.task);
    this.tasks.set(event.task, one);
    one.report(event);
    if (this.tasks.size > MOST_TASKS) this.tasks.delete(this.tasks.keys().next().value as string);
    const ends = event.done >= event.total;
    if (begins || ends || performance.now() - this.written >= WRITE_EVERY_MS) this.write();
  }

  /** Says how the sitting ended; one that found all done leaves what the last one wrote. */
  ended(error?: unknown): void {
    if (error === undefined && this.written < 0 && this.saidDone()) return;
    this.end = error === undefined ? { state: "done" } : endOf(error);
    this.write();
  }

  /** Whether the last sitting told of its end; one that was killed at its last step did not. */
  private saidDone(): boolean {
    try {
      return readProgress(this.run.path)?.end?.state === "done";
    } catch (error) {
      if (isDamage(error)) return false;
      throw error;
    }
  }

  private write(): void {
    const { began, steps, end, run } = this;
    this.written = performance.now();
    if (!run.isInPlace()) return;
    const tasks = [...this.tasks.values()].map((one) => one.told);
    const progress: RunProgress = { began, updated: now(), ...(end && { end }), steps, tasks };
    writePassing(run.file(PROGRESS_FILE), `${JSON.stringify(progress)}\n`);
  }
}

/** Does the work of a run and tells others, by its {@link ProgressFile}, what it is at and how it ended. */
export async function tellingProgress<T>(
  run: RunDirectory,
  context: RunContext,
  work: (context: RunContext, file: ProgressFile) => Promise<T>,
): Promise<T> {
  const file = new ProgressFile(run);
  const onProgress = (event: ProgressEvent) => {
    file.report(event);
    context.onProgress?.(event);
  };
  try {
    const result = await work({ ...context, onProgress }, file);
    file.ended();
    return result;
  } catch (error) {
    file.ended(error);
    throw error;
  }
}

function endOf(error: unknown): RunProgress["end"] {
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof InterruptedError) return { state: "stopped", message };
  return { state: "failed", message, ...(error instanceof BlockwiseError && { code: error.code }) };
}

class WrittenTask {
  private readonly begun = now();
  private updated = this.begun;
  private readonly losses = new ThinnedSeries<[number, number]>(CURVE_POINTS);
  private readonly within = new Map<string, { last: Counted; losses: ThinnedSeries<[number, number]> }>();
  private last: ProgressEvent | undefined;

  get done(): number {
    return this.last?.done ?? 0;
  }

  report(event: ProgressEvent): void {
    this.last = event;
    this.updated = now();
    const { within } = event;
    if (!within) {
      note(this.losses, event);
      return;
    }
    const inner = this.within.get(within.task) ?? { last: within, losses: new ThinnedSeries(CURVE_POINTS) };
    inner.last = within;
    this.within.set(within.task, inner);
    note(inner.losses, within);
  }

  get told(): TaskProgress {
    const { begun, updated, last, losses } = this;
    const { elapsedMs, remainingMs } = last!;
    return {
      ...partOf(last!, losses),
      begun,
      updated,
      elapsedMs,
      ...(remainingMs !== undefined && Number.isFinite(remainingMs) && { remainingMs }),
      within: [...this.within.values()].map((inner) => partOf(inner.last, inner.losses)),
    };
  }
}

type Counted = Pick<ProgressEvent, "task" | "done" | "total" | "unit" | "metrics">;

function note(losses: ThinnedSeries<[number, number]>, { done, metrics: { loss } }: Counted): void {
  if (loss !== undefined && Number.isFinite(loss)) losses.add([done, loss]);
}

function partOf({ task, done, total, unit, metrics }: Counted, losses: ThinnedSeries<[number, number]>): PartProgress {
  const finite = Object.entries(metrics).map(([name, value]) => [name, Number.isFinite(value) ? value : null]);
  return { task, done, total, unit, metrics: Object.fromEntries(finite), losses: [...losses.kept] };
}

function now(): string {
  return new Date().toISOString();
}
