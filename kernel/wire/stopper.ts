import { Session } from "node:inspector";
import { sendInterruptSignal } from "../life/interrupt-signal";
import { GRACE_MS, Phase, type SharedState, Stop, type ToMain } from "./threads";

const POLL_MS = 50;
/** How long after an answer the main thread is asked again, in ms. */
const LOOK_MS = 100;
/** Between two looks at what the main thread answers when it is asked to stand still, in ms; later ones come more seldom. */
const ANSWER_POLL_MS = 1;
const SLOW_POLL_MS = 20;
const SLOW_AFTER_MS = 500;
/** When it has not answered for so long it is in a built-in function, of which some hear a signal. */
const SIGNAL_AFTER_MS = 700;
/** How long an interrupt may be without effect before the user is told why, in ms. */
const TOLD_AFTER_MS = 3000;
const BEFORE_TERMINATION = 'globalThis[Symbol.for("blockwise.before-termination")]?.()';

/**
 * Carries interrupts from the wire thread to the main thread.
 *
 * The main thread is told first and answers when its event loop turns. If it does not, the user's code blocks it, and
 * the inspector terminates that JavaScript. As long as interrupted cells go on it is asked again and again: a timer of
 * theirs may block it yet. A cell that listens to the abort signal gets longer (it may be in the middle of a batch), unless
 * the user interrupts a second time.
 */
export class Stopper {
  /** Of the last message that the main thread must answer, and of its last answer. */
  private serial = 0;
  private seen = 0;
  /** Of the last interrupt. */
  private interrupts = 0;
  private goesOn: () => boolean = () => false;
  /** When the main thread was last known to be free, or was told. */
  private since = 0;
  private pressedAt = 0;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private terminating = false;
  private told = false;
  private askedAgainAt = 0;
  /** The code left no room on its stack when it was to be stopped last. */
  private noRoom = false;

  /** @param stuck called when an interrupt has had no effect for seconds. */
  constructor(
    private readonly shared: SharedState,
    private readonly tell: (message: ToMain) => void,
    private readonly stuck: (why: Stuck) => void,
  ) {}

  /** @param goesOn whether cells that it met have not ended yet. */
  interrupt(goesOn: () => boolean): void {
    this.again = this.timer !== undefined && this.goesOn();
    this.goesOn = goesOn;
    this.interrupts = ++this.serial;
    this.shared.interrupts += 1;
    this.tell({ kind: "interrupt", serial: this.serial });
    this.since = this.pressedAt = performance.now();
    this.told = false;
    this.timer ??= setInterval(() => this.check(), POLL_MS);
  }

  answered(serial: number): void {
    this.seen = Math.max(this.seen, serial);
    if (this.seen === this.serial) this.since = performance.now();
  }

  private check(): void {
    if (this.timer === undefined) return;
    if (this.seen === this.serial) {
      this.lookAgain();
      return;
    }
    // Asked each time: the cell may have begun to listen since.
    const patient = this.shared.cooperative && !this.again;
    const grace = patient ? GRACE_MS.cooperative : GRACE_MS.plain;
    if (performance.now() - this.since < grace) return;
    if (!this.told && performance.now() - this.pressedAt > grace + TOLD_AFTER_MS) {
      this.told = true;
      this.stuck(this.noRoom ? "stack" : "native");
    }
    if (this.terminating || this.shared.phase === Phase.Starting || performance.now() < this.askedAgainAt) return;
    this.terminate();
  }

  /** The main thread is free: either all is over, or it is asked again. */
  private lookAgain(): void {
    if (!this.goesOn()) {
      clearInterval(this.timer);
      this.timer = undefined;
    } else if (performance.now() - this.since >= LOOK_MS) {
      this.since = performance.now();
      this.tell({ kind: "look", serial: ++this.serial });
    }
  }

  private terminate(): void {
    this.terminating = true;
    const session = new Session();
    session.connectToMainThread();
    this.shared.stop = Stop.Asked;
    const asked: Asked = { at: performance.now() };
    session.post("Runtime.evaluate", { expression: BEFORE_TERMINATION }, (error, reply) => {
      asked.answer = error || reply?.exceptionDetails ? "failed" : "returned";
    });
    this.decide(session, asked);
  }

  /** The main thread stands still once it is ready: what is posted then meets it at that very place. */
  private decide(session: Session, asked: Asked): void {
    const answer = this.shared.stop;
    if (answer === Stop.Asked && asked.answer === undefined) {
      // It is in a native call, or has not got there yet.
      const waited = performance.now() - asked.at;
      if (waited > SIGNAL_AFTER_MS && !asked.signalled) {
        asked.signalled = true;
        sendInterruptSignal();
      }
      setTimeout(() => this.decide(session, asked), waited < SLOW_AFTER_MS ? ANSWER_POLL_MS : SLOW_POLL_MS);
      return;
    }
    const wanted = this.seen < this.serial;
    this.noRoom = asked.answer === "failed";
    if (wanted && this.shared.step(Stop.Ready, Stop.Ordered)) {
      session.post("Runtime.terminateExecution", () => this.terminated(session));
      // Not before: what runs until the order is there may enter an async context.
      this.shared.stop = Stop.Decided;
      return;
    }
    this.shared.stop = Stop.Decided;
    if (wanted && answer === Stop.Asked && asked.answer === "failed") {
      // No room on its stack for any more code. Node's own handling of the signal needs none, where the code has not awaited.
      this.done(session);
      this.askedAgainAt = performance.now() + GRACE_MS.plain;
      sendInterruptSignal();
    } else {
      this.done(session);
      // Not yet prepared to be stopped (it starts): the next poll asks again.
      if (answer !== Stop.Asked) setTimeout(() => this.check(), ANSWER_POLL_MS);
    }
  }

  private terminated(session: Session): void {
    this.done(session);
    this.since = performance.now();
    this.tell({ kind: "terminated", serial: this.interrupts });
  }

  private done(session: Session): void {
    session.disconnect();
    this.terminating = false;
  }
}

/** What keeps a cell from ending: code that fills its stack over and over, or a native call. */
export type Stuck = "stack" | "native";

interface Asked {
  readonly at: number;
  /** How the call ended that lets the main thread prepare itself; while it stands still there is none. */
  answer?: "failed" | "returned";
  signalled?: boolean;
}
