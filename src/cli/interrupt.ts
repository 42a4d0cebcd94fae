import { InterruptedError, type StepContext } from "../core";
import { EXIT } from "./exit-codes";
import type { Output } from "./output";

/**
 * Does work that shows its progress and that Ctrl-C stops between two batches.
 * @param place Where what was complete is kept, for the message.
 * @returns The command's exit code: 0, or that of a command which Ctrl-C stopped.
 */
export function resumable(
  place: string,
  output: Output,
  work: (context: StepContext) => Promise<void>,
): Promise<number> {
  return stoppable(`What was complete is kept in ${place}; the same command again resumes there`, output, work);
}

/**
 * As {@link resumable} of work that is not resumed.
 * @param kept What remains of it when it is stopped, a sentence.
 */
export async function stoppable(
  kept: string,
  output: Output,
  work: (context: StepContext) => Promise<void>,
): Promise<number> {
  const stop = new AbortController();
  const release = onInterrupt(() => stop.abort());
  try {
    await output.progressing((context) => work({ ...context, signal: stop.signal }));
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof InterruptedError)) throw error;
    output.warn(`${error.message}. ${kept}.`);
    return EXIT.interrupted;
  } finally {
    release();
  }
}

/** Waits for Ctrl-C (or a polite kill), which is how what serves others ends. */
export function untilInterrupted(): Promise<void> {
  return new Promise((stop) => void onInterrupt(stop, "\n"));
}

const STOPPING = "\nstopping after this batch (once more: at once)\n";

/** Calls once at the first Ctrl-C (or a polite kill); a second one ends the process at once, as usual. */
function onInterrupt(stop: () => void, words = STOPPING): () => void {
  const signals = ["SIGINT", "SIGTERM"] as const;
  const handler = () => {
    release();
    process.stderr.write(words);
    stop();
  };
  const release = () => {
    for (const signal of signals) process.off(signal, handler);
  };
  for (const signal of signals) process.on(signal, handler);
  return release;
}
