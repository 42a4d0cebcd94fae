import type { SharedState } from "../wire/threads";

/** Where the wire thread finds what must run on this thread just before its JavaScript is terminated. */
export const BEFORE_TERMINATION: unique symbol = Symbol.for("blockwise.before-termination");

/** Longest wait for the order to terminate that follows at once, in ms. */
const FOLLOWS_MS = 50;

/**
 * Lets a cell be terminated while an `AsyncLocalStorage` is in use.
 *
 * Node keeps a stack of the async contexts entered; termination skips what would leave them, and Node aborts the
 * process when its callback ends and the stack is not empty. So the stack is emptied first, as Node itself does after an
 * uncaught exception.
 */
export function prepareTermination(shared: SharedState): void {
  const clear = clearAsyncStack();
  const prepare = (): void => {
    clear?.();
    shared.waitForTermination(FOLLOWS_MS);
  };
  Object.defineProperty(globalThis, BEFORE_TERMINATION, { value: prepare, configurable: true });
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
