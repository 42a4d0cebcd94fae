import type { MessagePort } from "node:worker_threads";
import type { Descriptors } from "../life/descriptors";
import type { Connection } from "./connection";
import type { StreamText } from "./stream-buffer";

/**
 * What the wire thread and the main thread of the kernel say to each other.
 *
 * The wire thread owns all sockets, so that heartbeat, control and the output of a cell go on while a cell blocks the
 * main thread; questions about code it hands to the language thread. The main thread runs cells: it sees requests by
 * number and never touches a socket.
 */
export interface WireSettings {
  readonly connection: Connection;
  readonly kernelInfo: Record<string, unknown>;
  readonly shared: SharedArrayBuffer;
  /** Undefined where they are not captured. */
  readonly descriptors?: Descriptors;
  /** To the language thread. */
  readonly language: MessagePort;
}

/** A request that the main thread answers. */
export interface Request {
  readonly id: number;
  readonly type: string;
  readonly content: Record<string, unknown>;
  /** Undefined for the shell that every kernel has. */
  readonly subshell?: string;
  readonly metadata?: Record<string, unknown>;
  /** Binary parts of a comm's message. */
  readonly buffers?: readonly Uint8Array[];
}

/** From the wire thread to the main thread. */
export type ToMain =
  | { kind: "bound" }
  | { kind: "failed"; message: string }
  | ({ kind: "request" } & Request)
  /** What the user typed when asked. */
  | { kind: "input"; text: string }
  /** The user asks to stop the running cells; must be answered with `interrupt-seen`. */
  | { kind: "interrupt"; serial: number }
  /** Whether the event loop turns, while interrupted cells have not ended; must be answered in the same way. */
  | { kind: "look"; serial: number }
  /** Running JavaScript was terminated from outside for that interrupt: the stack of the cell is gone. */
  | { kind: "terminated"; serial: number }
  /** Nothing more comes for that subshell: what waits there is not run. */
  | { kind: "subshell-gone"; subshell: string }
  | { kind: "shutdown" };

/** From the main thread to the wire thread. `content` is JSON text. */
export type ToWire =
  /** At that time, in ms since the machine started; `children` are the processes that run already. */
  | { kind: "begin"; id: number; at: number; children: readonly number[] }
  | ({ kind: "stream" } & StreamText)
  | {
      kind: "publish";
      cell: number;
      type: string;
      content: string;
      /** JSON text too. */
      metadata?: string;
      buffers?: readonly Uint8Array[];
    }
  /** Ask the client that runs the cell. */
  | { kind: "ask"; cell: number; content: string }
  /** `children` are the processes that run on. */
  | { kind: "finish"; id: number; type: string; content: string; children: readonly number[] }
  /** A cell for the history; `output` is the plain text of its value, null when it had none. */
  | { kind: "history"; number: number; input: string; output: string | null }
  /** A comm is open, or no longer. */
  | { kind: "comm"; id: string; target: string; open: boolean }
  | { kind: "interrupt-seen"; serial: number }
  /** Send what waits, close the sockets, then `markClosed`. */
  | { kind: "close" };

/** What the main thread is doing, readable from the wire thread at any moment. */
export const Phase = {
  Idle: 0,
  /** Not ready for any interrupt. */
  Starting: 1,
  /** In the user's code, or awaiting it. */
  Running: 2,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** Steps of stopping code that blocks the main thread. */
export const Stop = {
  /** The main thread shall make itself ready. */
  Asked: 0,
  /** Not at this place of its code, or it does not block: ask again. */
  Later: 1,
  /** Its code stands still and may be terminated. */
  Ready: 2,
  /** The order to terminate is given, or none is needed any more. */
  Decided: 3,
  /** It is about to be given: nothing may run before it is there. */
  Ordered: 4,
} as const;
export type Stop = (typeof Stop)[keyof typeof Stop];

/**
 * Numbers in shared memory: the phase, whether the cell listens to its signal, whether the sockets are closed, the stop,
 * the number of interrupts.
 */
export class SharedState {
  private readonly words: Int32Array;

  constructor(readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(20)) {
    this.words = new Int32Array(buffer);
  }

  get phase(): Phase {
    return Atomics.load(this.words, 0) as Phase;
  }

  set phase(phase: Phase) {
    Atomics.store(this.words, 0, phase);
  }

  /** True once the running cell asked for its signal: it will stop by itself, so it is given more time. */
  get cooperative(): boolean {
    return Atomics.load(this.words, 1) === 1;
  }

  set cooperative(value: boolean) {
    Atomics.store(this.words, 1, value ? 1 : 0);
  }

  markClosed(): void {
    Atomics.store(this.words, 2, 1);
    Atomics.notify(this.words, 2);
  }

  /** Where the two threads are in stopping the main thread's code; see `prepareTermination`. */
  get stop(): Stop {
    return Atomics.load(this.words, 3) as Stop;
  }

  set stop(step: Stop) {
    Atomics.store(this.words, 3, step);
    Atomics.notify(this.words, 3);
  }

  /** Takes the step unless the other thread has taken one; returns whether it did. */
  step(from: Stop, to: Stop): boolean {
    if (Atomics.compareExchange(this.words, 3, from, to) !== from) return false;
    Atomics.notify(this.words, 3);
    return true;
  }

  /**
   * Keeps this thread busy until the other one has taken the next step: it may stand in the user's `Atomics.wait`, in which a
   * second one breaks V8's list of waiting threads.
   */
  waitForStep(from: Stop, timeoutMs: number): void {
    const end = performance.now() + timeoutMs;
    while (this.stop === from && performance.now() < end) {}
  }

  /** Interrupts so far: known here also while the main thread is blocked and hears of none. */
  get interrupts(): number {
    return Atomics.load(this.words, 4);
  }

  set interrupts(count: number) {
    Atomics.store(this.words, 4, count);
  }

  /** Blocks this thread until the other one called `markClosed`. */
  waitUntilClosed(timeoutMs: number): void {
    Atomics.wait(this.words, 2, 0, timeoutMs);
  }
}

/** How long a cell may take to end after an interrupt before it is ended from outside, in ms. */
export const GRACE_MS = { plain: 300, cooperative: 10_000 } as const;
