import { notebookHost } from "../../display-protocol";
import type { TaskStepContext } from "../../tasks";
import { LiveProgress } from "../progress/live-progress";
import { progressBar } from "../progress/progress-bar";
import { taskContext } from "./task-queue";

export interface NotebookContextOptions {
  /** Outside a notebook: where each finished task is told, one line each. Nothing is told without it. */
  readonly print?: (line: string) => void;
  /** Milliseconds between two updates of an output. */
  readonly intervalMs?: number;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

/** Three updates a second, so that with the one at the end there are never more than four. */
const INTERVAL_MS = 334;

/**
 * How a step of the lab reports and is stopped: bars below the running cell that update in place, and the cell's
 * interrupt. Outside a notebook nothing is shown.
 */
export function notebookContext(options: NotebookContextOptions = {}): TaskStepContext {
  const { print, intervalMs = INTERVAL_MS, now = () => performance.now() } = options;
  const host = notebookHost();
  if (host) {
    const outputs = new Map<string, LiveProgress>();
    const stopAll = () => {
      for (const output of outputs.values()) output.stop();
    };
    const { signal } = host;
    signal.addEventListener("abort", stopAll, { once: true });
    return {
      ...taskContext(),
      signal,
      onProgress: (event) => {
        // The blocks of one step share an output.
        const key = event.part?.of ?? event.task;
        const output = outputs.get(key) ?? new LiveProgress(host, { intervalMs, now });
        outputs.set(key, output);
        output.report(event);
      },
    };
  }
  if (!print) return taskContext();
  return {
    ...taskContext(),
    onProgress: (event) => {
      if (event.done < event.total) return;
      print(String(progressBar({ event, state: "done", curves: [] })["text/plain"]));
    },
  };
}
