import { ConfigError } from "../core";

/** Of work, between two states: what a kill costs at most, with the steps that a slow disk takes. */
const SECONDS = 15;
/** Writing states takes no larger share of the time than one in so many. */
const WORK_PER_WRITE = 15;

/**
 * When a training's state is due within an epoch: after 15 s of work, or what the environment's `BLOCKWISE_STATE_SECONDS` says (0:
 * after every step).
 */
export class StateClock {
  private readonly intervalMs: number;
  private last = performance.now();
  private writeMs = 0;
  /** Milliseconds that were spent on writing. */
  spentMs = 0;

  /** @throws ConfigError when the environment's value is no number of seconds. */
  constructor() {
    const asked = process.env.BLOCKWISE_STATE_SECONDS || `${SECONDS}`;
    this.intervalMs = 1000 * Number(asked);
    if (this.intervalMs >= 0) return;
    throw new ConfigError(
      `BLOCKWISE_STATE_SECONDS must be the seconds between two states within an epoch, 0 or more, got ${JSON.stringify(asked)}; leave it out for ${SECONDS}`,
      { asked },
    );
  }

  get isDue(): boolean {
    const since = performance.now() - this.last;
    return this.intervalMs === 0 || since >= Math.max(this.intervalMs, WORK_PER_WRITE * this.writeMs);
  }

  /** Writes, and counts anew. */
  write(state: () => void): void {
    const started = performance.now();
    state();
    this.last = performance.now();
    this.writeMs = this.last - started;
    this.spentMs += this.writeMs;
  }
}
