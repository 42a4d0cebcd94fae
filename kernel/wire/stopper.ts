import { Session } from "node:inspector";
import { GRACE_MS, Phase, type SharedState, type ToMain } from "./threads";

const POLL_MS = 50;

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
  private deadline = 0;
  private timer: NodeJS.Timeout | undefined;
  private terminating = false;

  constructor(
    private readonly shared: SharedState,
    private readonly tell: (message: ToMain) => void,
  ) {}

  interrupt(): void {
    const again = this.seen < this.serial;
    this.serial += 1;
    this.tell({ kind: "interrupt", serial: this.serial });
    const grace = this.shared.cooperative && !again ? GRACE_MS.cooperative : GRACE_MS.plain;
    this.deadline = performance.now() + grace;
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
    if (this.terminating || performance.now() < this.deadline || this.shared.phase === Phase.Compiling) return;
    this.terminating = true;
    const session = new Session();
    session.connectToMainThread();
    session.post("Runtime.terminateExecution", () => {
      session.disconnect();
      this.terminating = false;
      this.deadline = performance.now() + GRACE_MS.plain;
      this.tell({ kind: "terminated" });
    });
  }
}
