import { AsyncLocalStorage } from "node:async_hooks";
import { inspect } from "node:util";

/**
 * Lets promises and timers print as they are: Node marks each with symbols while the kernel follows which cell started it, and
 * the mark of the kernel is its own cell.
 */
export function hideAsyncMarks(): void {
  const storage = new AsyncLocalStorage<number>();
  const marks = storage.run(1, () => Object.getOwnPropertySymbols(Promise.resolve()));
  const timeout = setTimeout(() => {}, 0);
  clearTimeout(timeout);
  const immediate = setImmediate(() => {});
  clearImmediate(immediate);
  hide(Promise.prototype, new Set(marks.map(String)));
  for (const timer of [timeout, immediate]) hide(Object.getPrototypeOf(timer), new Set(["Symbol(kResourceStore)"]));
  storage.disable();
}

/** Node's marks have no other name than their description. */
function hide(prototype: object, marks: ReadonlySet<string>): void {
  const { [inspect.custom]: before } = prototype as { [inspect.custom]?: (...all: unknown[]) => unknown };
  Object.defineProperty(prototype, inspect.custom, {
    value(this: object, ...all: unknown[]) {
      for (const mark of Object.getOwnPropertySymbols(this)) {
        if (marks.has(String(mark))) Object.defineProperty(this, mark, { enumerable: false });
      }
      // To return the object itself means to print it as any other.
      return before ? before.apply(this, all) : this;
    },
    configurable: true,
    writable: true,
  });
}
