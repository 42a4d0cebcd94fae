import { Session } from "node:inspector";
import { GRACE_MS, Phase, type SharedState, Stop, type ToMain } from "./threads";

const POLL_MS = 50;
/** Between two looks at what the main thread answers when it is asked to stand still, in ms. */
const ANSWER_POLL_MS = 1;
const BEFORE_TERMINATION = 'globalThis[Symbol.for("blockwise.before-termination")]?.()';

/**
 * Carries interrupts from the wire thread to the main thread.
 *
 * The main thread is told first and answers when its event loop turns. If it does not, the user's code blocks it, and
 * the inspector terminates that JavaScript. Code in the TypeScript compiler is never terminated. A cell that listens to
 * the abort signal gets longer (it may be in the middle of a batch), unless the user interrupts a second time.
 */
export class Stopper {
  private serial = 0;
  private seen = 0;
  private since = 0;
  private again = false;
  private timer: NodeJS.Timeout | undefined;
  private terminating = false;

  constructor(
    private readonly shared: SharedState,
    private readonly tell: (message: ToMain) => void,
  ) {}

  interrupt(): void {
    this.again = this.seen < this.serial;
    this.serial += 1;
    this.tell({ kind: "interrupt", serial: this.serial });
    this.since = performance.now();
    this.timer ??= setInterval(() => this.check(), POLL_MS);
  }

  answered(serial: number): void {
    this.seen = Math.max(this.seen, serial);
    if (this.seen === this.serial) {
      clearInterval(this.timer);
      this.timer = undefined;
    }
  }

  private check(): void {
    if (this.timer === undefined) return;
    // Asked each time: the cell may have begun to listen since.
    const patient = this.shared.cooperative && !this.again;
    const waited = performance.now() - this.since;
    if (waited < (patient ? GRACE_MS.cooperative : GRACE_MS.plain)) return;
    if (this.terminating || this.shared.phase === Phase.Compiling) return;
    this.terminating = true;
    const session = new Session();
    session.connectToMainThread();
    this.shared.stop = Stop.Asked;
    session.post("Runtime.evaluate", { expression: BEFORE_TERMINATION });
    this.decide(session);
  }

  /** The main thread stands still once it is ready: what is posted then meets it at that very place. */
  private decide(session: Session): void {
    const { serial } = this;
    const answer = this.shared.stop;
    if (answer === Stop.Asked) {
      setTimeout(() => this.decide(session), ANSWER_POLL_MS);
      return;
    }
    const done = (): void => {
      session.disconnect();
      this.terminating = false;
    };
    if (answer === Stop.Ready && this.timer !== undefined) {
      session.post("Runtime.terminateExecution", () => {
        done();
        this.since = performance.now();
        this.tell({ kind: "terminated", serial });
      });
    } else {
      done();
      setTimeout(() => this.check(), ANSWER_POLL_MS);
    }
    this.shared.stop = Stop.Decided;
  }
}
