import { CALL_SCRIPT, OWN_FOLDER } from "../cells/stack-positions";
import { Phase, type SharedState, Stop } from "../wire/threads";

/** Where the wire thread finds what must run on this thread just before its JavaScript is terminated. */
export const BEFORE_TERMINATION: unique symbol = Symbol.for("blockwise.before-termination");

/** Longest wait for the other thread to decide, and for an order that it is giving, in ms. */
const FOLLOWS_MS = 200;
const ORDER_MS = 10_000;
/** Frames looked at: as deep as Node's and the kernel's own code goes below a cell's. */
const FRAMES = 200;
/** Of them those of the hooks are the innermost. */
const INNERMOST = 12;
/** A built-in function that Node itself calls, and that never ends, has no cell above it: then it is stopped where it is. */
const REFUSALS = 200;

/**
 * Lets a cell be terminated while an `AsyncLocalStorage` is in use.
 *
 * Node keeps a stack of the async contexts entered; termination skips what would leave them, and Node aborts the
 * process when its callback ends and the stack is not empty. So the stack is emptied first, as Node itself does after an
 * uncaught exception, and this thread stands still until the order to terminate is there. It must not stand in the very
 * hook that enters a context, nor between two callbacks, where Node and the kernel keep their books.
 */
export function prepareTermination(shared: SharedState): void {
  const clear = clearAsyncStack();
  let refusals = 0;
  const prepare = (): void => {
    if (shared.phase === Phase.Starting || !mayStopHere(refusals >= REFUSALS)) {
      refusals += 1;
      shared.stop = Stop.Later;
      return;
    }
    refusals = 0;
    clear?.();
    shared.stop = Stop.Ready;
    shared.waitForStep(Stop.Ready, FOLLOWS_MS);
    // Too late otherwise: on a machine that others fill the other thread may not have run.
    if (!shared.step(Stop.Ready, Stop.Later)) shared.waitForStep(Stop.Ordered, ORDER_MS);
  };
  Object.defineProperty(globalThis, BEFORE_TERMINATION, { value: prepare, configurable: true });
}

/**
 * Whether a cell's code was interrupted, or code that it called, and not while that entered an async context.
 * @param anywhere code that no cell called will do.
 */
function mayStopHere(anywhere: boolean): boolean {
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
  const inHook = interrupted.slice(0, INNERMOST).some((frame) => frame.includes("node:internal/async_hooks"));
  return interrupted.length > 0 && !inHook && (anywhere || frames.length === FRAMES || interrupted.some(isUsers));
}

/** Neither Node's nor the kernel's own, and not a function built into the language. */
function isUsers(frame: string): boolean {
  return ![OWN_FOLDER, CALL_SCRIPT, "node:", "<anonymous>)", "(native"].some((own) => frame.includes(own));
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
