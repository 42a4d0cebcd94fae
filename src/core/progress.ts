import { InterruptedError } from "./errors";

/** One of several tasks that are shown as one. */
export interface ProgressPart {
  /** What they are together, e.g. "distill". */
  readonly of: string;
  /** From 1. */
  readonly index: number;
  readonly total: number;
}

/** The task that a report is of, where its step does several side by side: the cell that is distilled, the network that is trained. */
export interface ProgressWithin {
  /** Tells it from the others of the step: "block 1, cell 2". */
  readonly task: string;
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly metrics: Readonly<Record<string, number>>;
}

/** One report of a step that takes longer than a moment. */
export interface ProgressEvent {
  /** What is being done, e.g. "distill block 2/4". */
  readonly task: string;
  /** Where the task is one of several, such as the blocks of a distillation. */
  readonly part?: ProgressPart;
  readonly done: number;
  readonly total: number;
  readonly within?: ProgressWithin;
  /** What is counted: "batches", "candidates", ... */
  readonly unit: string;
  /** Current figures, e.g. `{ loss: 0.12, accuracy: 0.91 }`. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly elapsedMs: number;
  /** Units a second so far; undefined at the start. */
  readonly perSecond?: number;
  /** Estimated from the pace so far; undefined at the start, where the first of many units pay for it. */
  readonly remainingMs?: number;
}

/** What every long step accepts: how to stop it and whom to tell. */
export interface StepContext {
  /** Aborted by Ctrl-C or a notebook's interrupt; steps stop between two batches. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Told in a sentence what was not as it must be and was mended, e.g. a damaged file whose step is done again. */
  readonly onWarning?: (message: string) => void;
}

/** Tells a warning to whom the context names, or else to Node's own warnings: it is never lost. */
export function warn({ onWarning }: StepContext, message: string): void {
  if (onWarning) onWarning(message);
  else process.emitWarning(message, { code: "BLOCKWISE_MENDED" });
}

/** Units from which on the pace is that of the rest, where there are many: the first ones pay for the start. */
const TRUSTED_UNITS = 3;
const TRUSTED_SHARE = 0.02;

/** Counts the work of one task and reports it, with the time left, through a {@link StepContext}. */
export class Progress {
  private readonly started = performance.now();
  private readonly offset: number;

  constructor(
    private readonly context: StepContext,
    private readonly task: string,
    private total: number,
    private readonly unit: string,
    private done = 0,
    private readonly part?: ProgressPart,
  ) {
    this.offset = done;
  }

  /**
   * Counts `count` more units and reports them.
   * @throws InterruptedError when the signal was aborted.
   */
  advance(count = 1, metrics: Record<string, number> = {}, within?: ProgressWithin): void {
    this.done += count;
    const elapsedMs = performance.now() - this.started;
    const counted = this.done - this.offset;
    const trusted = counted >= Math.min(TRUSTED_UNITS, Math.max(1, TRUSTED_SHARE * this.total));
    const remainingMs = trusted ? (elapsedMs / counted) * (this.total - this.done) : undefined;
    const perSecond = counted > 0 && elapsedMs > 0 ? (1000 * counted) / elapsedMs : undefined;
    const { task, done, total, unit, part } = this;
    this.context.onProgress?.({
      task,
      ...(part && { part }),
      ...(within && { within }),
      done,
      total,
      unit,
      metrics,
      elapsedMs,
      perSecond,
      remainingMs,
    });
    this.throwIfStopped();
  }

  /** Reports that nothing is left, where the work ended before its total. */
  endEarly(metrics: Record<string, number> = {}): void {
    this.total = this.done;
    this.advance(0, metrics);
  }

  /** @throws InterruptedError when the signal was aborted. */
  throwIfStopped(): void {
    if (this.context.signal?.aborted) {
      throw new InterruptedError(`${this.task}: stopped at ${this.done} of ${this.total} ${this.unit}`, {
        task: this.task,
        done: this.done,
        total: this.total,
      });
    }
  }
}

/** Lets timers, sockets and an interrupt be served between two batches of a synchronous engine. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
