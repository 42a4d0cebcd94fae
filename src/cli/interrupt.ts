import { InterruptedError, type StepContext } from "../core";
import { progressReporter } from "./progress-reporter";

/** Exit code of a command that Ctrl-C stopped. */
const INTERRUPTED = 130;

/**
 * Does work that shows its progress and that Ctrl-C stops between two batches.
 * @param place Where what was complete is kept, for the message.
 * @returns The command's exit code: 0, or that of a command which Ctrl-C stopped.
 */
export async function resumable(place: string, work: (context: StepContext) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  const release = onInterrupt(() => stop.abort());
  const progress = progressReporter(process.stderr);
  try {
    await work({
      signal: stop.signal,
      onProgress: (event) => progress.report(event),
      onWarning: (message) => {
        progress.finish();
        console.error(`warning: ${message}`);
      },
    });
    return 0;
  } catch (error) {
    progress.finish();
    if (!(error instanceof InterruptedError)) throw error;
    console.error(`${error.message}. What was complete is kept in ${place}; the same command again resumes there.`);
    return INTERRUPTED;
  } finally {
    progress.finish();
    release();
  }
}

/** Calls once at the first Ctrl-C (or a polite kill); a second one ends the process at once, as usual. */
function onInterrupt(stop: () => void): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const handler = () => {
    release();
    process.stderr.write("\nstopping after this batch (once more: at once)\n");
    stop();
  };
  const release = () => {
    for (const signal of signals) process.off(signal, handler);
  };
  for (const signal of signals) process.on(signal, handler);
  return release;
}
