import { InterruptedError } from "../src/core/errors";
import { CELL_CONSOLE, cellConsole } from "./cells/cell-console";
import type { CellRunner, Outcome } from "./cells/cell-runner";
import { asJson, bundleOf } from "./cells/mime";
import type { Cell, HostKernel } from "./cells/notebook-host";
import { PrintBuffer } from "./cells/print-buffer";
import type { CellError } from "./cells/traceback";
import { fromCodePoints, toCodePoints } from "./cursor";
import { LOOP_GUARD } from "./language/loop-guard";
import type { StreamName } from "./wire/stream-buffer";
import { GRACE_MS, Phase, type SharedState, type ToMain, type ToWire } from "./wire/threads";

interface Request {
  readonly id: number;
  readonly type: string;
  readonly content: Record<string, unknown>;
}

const INTERRUPTED = "cell: interrupted by the user";
/** Time for requests already sent to arrive before a failed cell aborts them, in ms. */
const COLLECT_MS = 20;
/** Time for a cell that was given up to end in the ordinary way, in ms. */
const UNWIND_MS = 50;

/**
 * The main thread's side of the kernel: takes requests one after the other and answers them.
 *
 * Written with callbacks from events rather than long `await` chains: when JavaScript is terminated, V8 forgets the
 * pending microtasks, and a chain would never go on.
 */
export class Session implements HostKernel {
  private readonly queue: Request[] = [];
  private readonly printer: PrintBuffer;
  private readonly tell: (message: ToWire) => void;
  private runner: CellRunner | undefined;
  private current: Cell | undefined;
  private last: Cell | undefined;
  private executionCount = 0;
  private readonly interruptedCells = new Set<number>();

  constructor(
    private readonly shared: SharedState,
    private readonly kernelInfo: Record<string, unknown>,
    post: (message: ToWire) => void,
  ) {
    this.printer = new PrintBuffer((text) => post({ kind: "stream", ...text }));
    this.tell = (message) => {
      this.printer.flush();
      post(message);
    };
    const guard = (number: number) => this.throwIfInterrupted(number);
    Object.defineProperty(globalThis, LOOP_GUARD, { value: guard, configurable: true });
    const consoleOf = (number: number) => cellConsole(() => this.interruptedCells.has(number));
    Object.defineProperty(globalThis, CELL_CONSOLE, { value: consoleOf, configurable: true });
  }

  start(runner: CellRunner): void {
    this.runner = runner;
    this.tell({ kind: "ready" });
    this.next();
  }

  receive(message: ToMain): void {
    if (message.kind === "request") {
      this.queue.push(message);
      this.next();
    } else if (message.kind === "interrupt") {
      this.tell({ kind: "interrupt-seen", serial: message.serial });
      if (this.current) this.current.lastInterrupt = message.serial;
      this.interrupt();
    } else if (message.kind === "terminated") {
      // May come late: the next cell must not pay for it.
      if (this.current?.lastInterrupt === message.serial) this.giveUp(this.current);
    }
  }

  /** Printed text belongs to the cell that runs or ran last. */
  print(name: StreamName, text: string): void {
    const cell = this.outputCell();
    if (cell) this.printer.print({ name, cell: cell.request, text });
  }

  /** Aborts the running cell's signal, and ends the cell from outside if it does not end by itself. */
  interrupt(): void {
    const cell = this.current;
    if (!cell) return;
    cell.interrupts += 1;
    cell.controller.abort(new InterruptedError(INTERRUPTED));
    const patient = this.shared.cooperative && cell.interrupts === 1;
    setTimeout(() => this.giveUp(cell), patient ? GRACE_MS.cooperative : GRACE_MS.plain);
  }

  outputCell(): Cell | undefined {
    const cell = this.current ?? this.last;
    return cell?.stale ? undefined : cell;
  }

  listens(): void {
    if (this.current) this.shared.cooperative = true;
  }

  publish(cell: Cell, type: string, content: Record<string, unknown>): void {
    this.tell({ kind: "publish", cell: cell.request, type, content: JSON.stringify(content) });
  }

  /** An error that no cell caught: shown below the cell, the kernel lives on. */
  uncaught(error: unknown): void {
    const { traceback } = this.runner?.describe(error) ?? { traceback: [String(error)] };
    this.print("stderr", `uncaught: ${traceback.join("\n")}\n`);
  }

  private next(): void {
    if (!this.runner || this.current) return;
    const request = this.queue.shift();
    if (!request) return;
    this.tell({ kind: "begin", id: request.id });
    if (request.type === "execute_request") {
      this.execute(request, this.runner);
      return;
    }
    this.answer(request, this.runner);
    // Through the event loop: an interrupt or a shutdown may wait there.
    setImmediate(() => this.next());
  }

  private execute(request: Request, runner: CellRunner): void {
    const code = String(request.content.code ?? "");
    const silent = request.content.silent === true;
    if (!silent && request.content.store_history !== false) this.executionCount += 1;
    const number = this.executionCount;
    const controller = new AbortController();
    const stopOnError = request.content.stop_on_error !== false;
    const cell: Cell = {
      request: request.id,
      number,
      controller,
      silent,
      stopOnError,
      interrupts: 0,
      lastInterrupt: 0,
      settled: false,
      stale: false,
    };
    this.current = cell;
    this.shared.cooperative = false;
    if (!silent) this.publish(cell, "execute_input", { code, execution_count: number });
    runner
      .execute(code, number)
      .then((outcome) => this.show(cell, outcome, runner))
      .then((outcome) => this.settle(cell, outcome));
  }

  /** Publishes the value of the last expression; an error in showing it is the cell's error. */
  private async show(cell: Cell, outcome: Outcome, runner: CellRunner): Promise<Outcome> {
    if (outcome.status !== "ok" || outcome.value === undefined || cell.silent) return outcome;
    try {
      const data = asJson(await bundleOf(outcome.value));
      if (!cell.settled) {
        this.publish(cell, "execute_result", { data, metadata: {}, execution_count: cell.number });
      }
      return outcome;
    } catch (error) {
      return { status: "error", error: runner.describe(error) };
    }
  }

  private giveUp(cell: Cell | undefined): void {
    if (!cell || this.current !== cell) return;
    this.runner?.interrupt();
    // After a termination the chain of execute() may be dead.
    setTimeout(() => {
      const error = this.runner!.describe(new InterruptedError(INTERRUPTED));
      this.settle(cell, { status: "error", error });
    }, UNWIND_MS);
  }

  private settle(cell: Cell, outcome: Outcome): void {
    if (this.current !== cell || cell.settled) return;
    cell.settled = true;
    if (outcome.status === "ok") {
      const content = { status: "ok", execution_count: cell.number, user_expressions: {}, payload: [] };
      this.finishCell(cell, content);
      return;
    }
    const error = cell.interrupts > 0 ? interrupted(outcome.error) : outcome.error;
    this.publish(cell, "error", { ...error });
    setTimeout(() => {
      this.finishCell(cell, { status: "error", execution_count: cell.number, ...error });
      if (cell.stopOnError) this.abortQueue();
    }, COLLECT_MS);
  }

  private finishCell(cell: Cell, content: Record<string, unknown>): void {
    cell.stale = cell.interrupts > 0;
    if (cell.stale) this.interruptedCells.add(cell.number);
    this.shared.phase = Phase.Idle;
    this.last = cell;
    this.current = undefined;
    this.tell({ kind: "finish", id: cell.request, type: "execute_reply", content: JSON.stringify(content) });
    setImmediate(() => this.next());
  }

  /** What the client sent before it knew of the failure is not run. */
  private abortQueue(): void {
    const waiting = this.queue.splice(0);
    for (const request of waiting) {
      if (request.type !== "execute_request") {
        this.queue.push(request);
        continue;
      }
      this.tell({ kind: "begin", id: request.id });
      const content = { status: "aborted", execution_count: this.executionCount };
      this.tell({ kind: "finish", id: request.id, type: "execute_reply", content: JSON.stringify(content) });
    }
  }

  private answer(request: Request, runner: CellRunner): void {
    let content: Record<string, unknown>;
    try {
      content = { status: "ok", ...this.contentFor(request, runner) };
    } catch (error) {
      const { ename, evalue, traceback } = runner.describe(error);
      content = { status: "error", ename, evalue, traceback };
    }
    // comm_msg and its kin expect no reply.
    const type = request.type.endsWith("_request") ? request.type.replace(/_request$/, "_reply") : "";
    this.tell({ kind: "finish", id: request.id, type, content: JSON.stringify(content) });
  }

  private contentFor({ id, type, content }: Request, runner: CellRunner): Record<string, unknown> {
    const code = String(content.code ?? "");
    const cursor = fromCodePoints(code, Number(content.cursor_pos ?? code.length));
    switch (type) {
      case "kernel_info_request":
        return this.kernelInfo;
      case "complete_request": {
        const { matches, start, end, kinds } = runner.complete(code, cursor);
        const [from, to] = [toCodePoints(code, start), toCodePoints(code, end)];
        const typed = matches.map((text) => ({ start: from, end: to, text, type: kinds.get(text) ?? "" }));
        return { matches, cursor_start: from, cursor_end: to, metadata: { _jupyter_types_experimental: typed } };
      }
      case "inspect_request": {
        const text = runner.inspect(code, cursor);
        return { found: text !== undefined, data: text === undefined ? {} : { "text/plain": text }, metadata: {} };
      }
      case "is_complete_request": {
        const { completed, indent } = runner.isComplete(code);
        return completed ? { status: "complete" } : { status: "incomplete", indent: indent ?? "" };
      }
      case "history_request":
        return { history: [] };
      case "comm_info_request":
        return { comms: {} };
      case "comm_open":
        // No target is registered here: the protocol asks to close at once.
        this.tell({
          kind: "publish",
          cell: id,
          type: "comm_close",
          content: JSON.stringify({ comm_id: content.comm_id, data: {} }),
        });
        return {};
      case "comm_msg":
      case "comm_close":
        return {};
      default:
        throw new Error(`the kernel does not know ${type}`);
    }
  }

  /** Called by guarded loops: ends those of interrupted cells. */
  private throwIfInterrupted(number: number): void {
    if (this.current?.controller.signal.aborted || this.interruptedCells.has(number)) {
      throw new InterruptedError(INTERRUPTED);
    }
  }
}

/** However deep it hit, an interrupt is shown in one line. */
function interrupted(error: CellError): CellError {
  if (error.ename === "InterruptedError") return { ...error, traceback: error.traceback.slice(0, 1) };
  return { ename: "InterruptedError", evalue: INTERRUPTED, traceback: [`InterruptedError: ${INTERRUPTED}`] };
}
