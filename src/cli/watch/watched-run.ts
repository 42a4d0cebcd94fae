import { statSync } from "node:fs";
import { join } from "node:path";
import { BlockwiseError, readJson } from "../../core";
import { exactFront, type RatingTable } from "../../search";
// Not the room's index: that loads an engine.
import type { JournalRecord } from "../../study/journal";
import type { PartProgress, TaskProgress } from "../../study/run-progress";
import { type RunState, readRunState } from "../../study/run-state";

/** A network that was trained, as far as the run came. */
export interface WatchedNetwork {
  readonly label: string;
  /** "teacher", "brief", "found", "random", "shrunk" */
  readonly kind: string;
  readonly macs: number;
  /** 0..1 */
  readonly accuracy: number;
}

/** All that the page of a run shows. */
export interface WatchedRun {
  readonly state: RunState;
  readonly steps: readonly { readonly name: string; readonly isDone: boolean; readonly durationMs?: number }[];
  readonly tasks: readonly TaskProgress[];
  readonly networks: readonly WatchedNetwork[];
  /** What the accuracies are of: test images once the run has measured them. */
  readonly accuracyOf: "validation" | "test";
  /** The predicted front: multiply-adds and summed rating, lower is better. */
  readonly front: readonly (readonly [macs: number, score: number])[];
}

/** Reads what a run's page shows, again and again, from its directory alone. */
export class RunWatcher {
  private front: { readonly of: string; readonly points: WatchedRun["front"] } = { of: "", points: [] };

  constructor(private readonly path: string) {}

  /** @throws ConfigError when the directory is gone. */
  read(): WatchedRun {
    const { state, records, progress } = readRunState(this.path, "watch");
    const names = progress?.steps.map(({ name }) => name) ?? [...records.keys()].filter((name) => !isTraining(name));
    const measured = measuredOf(records.get("front"));
    return {
      state,
      steps: names.map((name) => {
        const record = records.get(name);
        const durationMs = record?.durationMs;
        return { name, isDone: record !== undefined, ...(typeof durationMs === "number" && { durationMs }) };
      }),
      tasks: progress?.tasks.map(shown) ?? [],
      networks: measured ?? [...records.values()].flatMap(trainedOf),
      accuracyOf: measured ? "test" : "validation",
      front: records.has("search") ? this.predicted() : [],
    };
  }

  /** Computed once for each table: it changes when another search is made. */
  private predicted(): WatchedRun["front"] {
    const file = join(this.path, "ratings", "table.json");
    const there = statSync(file, { throwIfNoEntry: false });
    const of = there ? `${there.mtimeMs} ${there.size}` : "";
    if (this.front.of !== of) this.front = { of, points: there ? frontOf(file) : [] };
    return this.front.points;
  }
}

function frontOf(file: string): WatchedRun["front"] {
  try {
    const table = readJson(file) as RatingTable;
    return exactFront(table, { axis: "macs" }).map(({ cost, score }) => [cost.macs ?? 0, score] as const);
  } catch (error) {
    // Damaged, or written at this moment: the run itself says so when it goes on.
    if (error instanceof BlockwiseError) return [];
    throw error;
  }
}

/** Networks are steps of their own, beside those of the plan. */
function isTraining(step: string): boolean {
  return /^(retrain|improve)\//.test(step);
}

/** Figures that say nothing beside the task's own words. */
function plain(metrics: PartProgress["metrics"]): PartProgress["metrics"] {
  const { learningRate: _, cell: __, ...told } = metrics;
  return told;
}

function shown(task: TaskProgress): TaskProgress {
  const within = task.within.map((part) => ({ ...part, metrics: plain(part.metrics) }));
  return { ...task, metrics: plain(task.metrics), within };
}

interface Trained {
  readonly macs?: unknown;
  readonly accuracy?: unknown;
  readonly history?: { readonly accuracy?: unknown };
}

/** Older versions did not record the multiply-adds of what they trained: such networks have no place in the figure. */
function trainedOf({ step, result }: JournalRecord): WatchedNetwork[] {
  const { macs, accuracy: own, history } = (result ?? {}) as Trained;
  const accuracy = own ?? history?.accuracy;
  if (typeof macs !== "number" || typeof accuracy !== "number" || !Number.isFinite(accuracy)) return [];
  if (step === "teacher") return [{ label: "teacher", kind: "teacher", macs, accuracy }];
  if (step.startsWith("improve/")) return [{ label: "brief training", kind: "brief", macs, accuracy }];
  if (!step.startsWith("retrain/")) return [];
  const label = step.slice("retrain/".length);
  return [{ label, kind: label.split(/[ ,-]/)[0], macs, accuracy }];
}

function measuredOf(front: JournalRecord | undefined): WatchedNetwork[] | undefined {
  const measured = (front?.result as { measured?: unknown } | undefined)?.measured;
  if (!Array.isArray(measured)) return undefined;
  return measured.flatMap(({ label, kind, macs, accuracy }) =>
    typeof accuracy === "number" ? [{ label, kind, macs, accuracy }] : [],
  );
}
