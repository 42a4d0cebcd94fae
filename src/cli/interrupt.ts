/** Exit code of a command that Ctrl-C stopped. */
export const INTERRUPTED = 130;

/** Calls once at the first Ctrl-C (or a polite kill); a second one ends the process at once, as usual. */
export function onInterrupt(stop: () => void): () => void {
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
