import { promisify, types } from "node:util";
import { InterruptedError } from "../../src/core/errors";
import { ENTER_RUN, LOOP_GUARD, TURN } from "../language/loop-guard";

/** Where the kernel puts the function that gives a cell its timers. */
const CELL_TIMERS: unique symbol = Symbol.for("blockwise.cell-timers");
const TIMERS = ["setTimeout", "setInterval", "setImmediate"] as const;

type Handle = ReturnType<typeof setTimeout> | ReturnType<typeof setImmediate>;
type Callback = (...args: unknown[]) => void;

/**
 * Ends what an interrupted run left behind: its awaiting code, by the calls that `guardLoops` inserts, and its timers.
 *
 * A run is one execution of a cell; its number is that of the request.
 */
export class RunGuard {
  private readonly stopped = new Set<number>();
  private readonly timers = new Map<number, Set<Handle>>();

  /** @param running the run that the code which runs now belongs to, and whether it was interrupted. */
  constructor(private readonly running: () => { run: number; interrupted: boolean } | undefined) {
    const check = (run: number, value: unknown): unknown => {
      this.check(run);
      return value;
    };
    const enter = (run: number): number => this.running()?.run ?? run;
    Object.defineProperty(globalThis, LOOP_GUARD, { value: check, configurable: true });
    Object.defineProperty(globalThis, TURN, { value: () => {}, configurable: true });
    Object.defineProperty(globalThis, ENTER_RUN, { value: enter, configurable: true });
    Object.defineProperty(globalThis, CELL_TIMERS, { value: (run: number) => this.timersFor(run), configurable: true });
  }

  /** Whether code of that run must not go on. */
  isStopped(run: number): boolean {
    const now = this.running();
    return this.stopped.has(run) || (now?.run === run && now.interrupted);
  }

  /** The run is over and was interrupted: nothing of it goes on. */
  stop(run: number): void {
    this.stopped.add(run);
    for (const handle of this.timers.get(run) ?? []) {
      clearTimeout(handle as ReturnType<typeof setTimeout>);
      clearImmediate(handle as ReturnType<typeof setImmediate>);
    }
    this.timers.delete(run);
  }

  private check(run: number): void {
    if (this.isStopped(run)) throw new StoppedRun();
  }

  private timersFor(run: number): Pick<typeof globalThis, (typeof TIMERS)[number]> {
    const keep = (owner: number, handle: Handle): void => {
      const handles = this.timers.get(owner) ?? new Set();
      this.timers.set(owner, handles);
      handles.add(handle);
      if (handles.size % 1024 === 0) for (const old of handles) if (isOver(old)) handles.delete(old);
    };
    const wrapped = (set: (callback: Callback, ...rest: unknown[]) => Handle, repeats: boolean) => {
      return (callback: Callback, ...rest: unknown[]): Handle => {
        if (typeof callback !== "function") return set(callback, ...rest);
        const owner = this.running()?.run ?? run;
        const handle = set(
          (...args) => {
            if (!repeats) this.timers.get(owner)?.delete(handle);
            callback(...args);
          },
          ...rest,
        );
        keep(owner, handle);
        return handle;
      };
    };
    // As they are when they are called: a test may have put its own in their place.
    const now = (name: (typeof TIMERS)[number]) => {
      return (...all: unknown[]): Handle => (globalThis[name] as (...all: unknown[]) => Handle)(...all);
    };
    const timeout = wrapped(now("setTimeout"), false);
    const immediate = wrapped(now("setImmediate"), false);
    // util.promisify(setTimeout) is Node's own.
    Object.defineProperty(timeout, promisify.custom, { value: promisify(setTimeout) });
    Object.defineProperty(immediate, promisify.custom, { value: promisify(setImmediate) });
    const interval = wrapped(now("setInterval"), true);
    return { setTimeout: timeout, setInterval: interval, setImmediate: immediate } as never;
  }
}

/** What the guard throws; shown by nobody, since the cell's own error was shown. */
export class StoppedRun extends InterruptedError {
  constructor() {
    super("cell: interrupted by the user");
    this.name = "InterruptedError";
  }

  /** A Proxy is none, and `instanceof` would call its traps. */
  static is(error: unknown): boolean {
    return !types.isProxy(error) && error instanceof StoppedRun;
  }
}

function isOver(handle: Handle): boolean {
  return (handle as { _destroyed?: boolean })._destroyed === true;
}
