import { constants } from "node:os";

interface SignalHandle {
  onsignal: (number: number) => void;
  start(number: number): number;
  unref(): void;
}

/**
 * Calls back on SIGTERM in the thread that asks, so that it works while a cell blocks the main thread.
 *
 * `process.on` knows signals on the main thread only; Node's own handle knows no such limit. Where Node hides it the
 * main thread's listener must do.
 * @returns what must be kept for as long as it shall listen.
 */
export function onTerminateSignal(terminate: () => void): object | undefined {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    const { binding } = process as unknown as { binding(name: string): { Signal: new () => SignalHandle } };
    const handle = new (binding("signal_wrap").Signal)();
    handle.onsignal = terminate;
    handle.unref();
    handle.start(constants.signals.SIGTERM);
    return handle;
  } catch {
    return undefined;
  } finally {
    process.noDeprecation = noDeprecation;
  }
}
