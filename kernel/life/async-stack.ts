import { Phase, type SharedState, Stop } from "../wire/threads";

/** Where the wire thread finds what must run on this thread just before its JavaScript is terminated. */
export const BEFORE_TERMINATION: unique symbol = Symbol.for("blockwise.before-termination");

/** Longest wait for the order to terminate, in ms. */
const FOLLOWS_MS = 200;
/** Frames looked at; those of the hooks are the innermost. */
const FRAMES = 12;

/**
 * Lets a cell be terminated while an `AsyncLocalStorage` is in use.
 *
 * Node keeps a stack of the async contexts entered; termination skips what would leave them, and Node aborts the
 * process when its callback ends and the stack is not empty. So the stack is emptied first, as Node itself does after an
 * uncaught exception, and this thread stands still until the order to terminate is there. It must not stand in the very
 * hook that enters a context.
 */
export function prepareTermination(shared: SharedState): void {
  const clear = clearAsyncStack();
  const prepare = (): void => {
    if (shared.phase === Phase.Compiling || !mayStopHere()) {
      shared.stop = Stop.Later;
      return;
    }
    clear?.();
    shared.stop = Stop.Ready;
    shared.waitForStep(Stop.Ready, FOLLOWS_MS);
  };
  Object.defineProperty(globalThis, BEFORE_TERMINATION, { value: prepare, configurable: true });
}

/** Whether code was interrupted, and not while it entered an async context. */
function mayStopHere(): boolean {
  // A cell may have changed both.
  const settings: { stackTraceLimit: number; prepareStackTrace?: unknown } = Error;
  const { stackTraceLimit, prepareStackTrace } = settings;
  settings.stackTraceLimit = FRAMES;
  settings.prepareStackTrace = undefined;
  const frames = String(new Error().stack).split("\n").slice(1);
  settings.stackTraceLimit = stackTraceLimit;
  settings.prepareStackTrace = prepareStackTrace;
  // Above the interrupted code: this function, its caller and the expression that called that.
  const interrupted = frames.slice(3);
  return interrupted.length > 0 && !interrupted.some((frame) => frame.includes("node:internal/async_hooks"));
}

/** Node's own function; undefined where a later Node hides it (from 24 on it is no longer needed). */
function clearAsyncStack(): (() => void) | undefined {
  const { noDeprecation } = process;
  process.noDeprecation = true;
  try {
    const { binding } = process as unknown as { binding(name: string): { clearAsyncIdStack?: () => void } };
    return binding("async_wrap").clearAsyncIdStack;
  } catch {
    return undefined;
  } finally {
    process.noDeprecation = noDeprecation;
  }
}
