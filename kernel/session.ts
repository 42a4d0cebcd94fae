import { InterruptedError } from "../src/core/errors";
import { CellContext } from "./cells/cell-context";
import type { CellRunner, Outcome } from "./cells/cell-runner";
import { CellWorkers } from "./cells/cell-workers";
import { InputDesk } from "./cells/input-desk";
import { Lanes } from "./cells/lanes";
import { asJson, bundleOf, jsonText } from "./cells/mime";
import type { Cell, HostKernel, Lane, OutputType } from "./cells/notebook-host";
import { PrintBuffer } from "./cells/print-buffer";
import { RunGuard, StoppedRun } from "./cells/run-guard";
import { type CellError, runtimeError } from "./cells/traceback";
import { CommDesk } from "./comms";
import type { Descriptors } from "./life/descriptors";
import { KeptChildren, sinceBoot } from "./life/kept-children";
import { DescriptorReader } from "./wire/descriptor-reader";
import type { StreamName } from "./wire/stream-buffer";
import { GRACE_MS, Phase, type Request, type SharedState, type ToMain, type ToWire } from "./wire/threads";

type Content = Record<string, unknown>;

const INTERRUPTED = "cell: interrupted by the user";
/** Time for requests already sent to arrive before a failed cell aborts them, in ms. */
const COLLECT_MS = 20;
/** Uncaught errors that are kept for whoever asks. */
const MOST_UNCAUGHT = 100;
/** Time for a cell that was given up to end in the ordinary way, in ms. */
const UNWIND_MS = 50;

/**
 * The main thread's side of the kernel: takes requests one after the other and answers them.
 *
 * Written with callbacks from events rather than long `await` chains: when JavaScript is terminated, V8 forgets the
 * pending microtasks, and a chain would never go on.
 */
export class Session implements HostKernel {
  readonly comms: CommDesk;
  readonly uncaughtErrors: { cell: number; text: string; promise?: Promise<unknown> }[] = [];
  ended: (cell: Cell) => void = () => {};
  private readonly lanes = new Lanes();
  private readonly printer: PrintBuffer;
  private readonly tell: (message: ToWire) => void;
  private readonly inputs: InputDesk;
  private readonly context = new CellContext();
  private readonly guard: RunGuard;
  private readonly workers = new CellWorkers(() => this.owner()?.request);
  private readonly children = new KeptChildren();
  /** Cells whose code holds the signal: an interrupt ends what they left behind too. */
  private readonly listening = new Set<Cell>();
  /** Of each comm that a cell opened, or a listener of its comms: that cell's request. */
  private readonly openers = new Map<string, number>();
  private runner: CellRunner | undefined;
  private last: Cell | undefined;
  private executionCount = 0;

  constructor(
    private readonly shared: SharedState,
    descriptors: Descriptors | undefined,
    post: (message: ToWire) => void,
  ) {
    const written = new DescriptorReader(descriptors, (name, text) => {
      const cell = this.outputCell();
      if (cell) post({ kind: "stream", name, cell: cell.output, text });
    });
    // What children and libraries wrote meanwhile was before.
    this.printer = new PrintBuffer((text) => {
      written.drain();
      post({ kind: "stream", ...text });
    });
    this.tell = (message) => {
      this.printer.flush();
      written.drain();
      post(message);
    };
    this.guard = new RunGuard(() => {
      const cell = this.owner();
      return cell && { run: cell.request, interrupted: cell.controller.signal.aborted };
    });
    this.inputs = new InputDesk((cell, content) => {
      this.tell({ kind: "ask", cell: cell.request, content: JSON.stringify(content) });
    });
    this.comms = new CommDesk(
      (type, content, metadata, buffers) => {
        const cell = this.owner()?.request ?? 0;
        const [text, about] = [JSON.stringify(content), JSON.stringify(metadata)];
        this.tell({ kind: "publish", cell, type, content: text, metadata: about, buffers });
      },
      ({ id, target }, open) => {
        const cell = this.owner();
        if (!open) this.openers.delete(id);
        // Not one that the front end opened: its messages have no cell.
        else if (cell && (cell.source !== "" || cell.output !== cell.request)) this.openers.set(id, cell.output);
        this.tell({ kind: "comm", id, target, open });
      },
    );
  }

  start(runner: CellRunner): void {
    this.runner = runner;
    this.shared.phase = Phase.Idle;
  }

  receive(message: ToMain): void {
    switch (message.kind) {
      case "request":
        this.take(message);
        break;
      case "interrupt":
        this.tell({ kind: "interrupt-seen", serial: message.serial });
        for (const cell of this.lanes.running()) cell.lastInterrupt = message.serial;
        this.interrupt();
        break;
      case "look":
        this.tell({ kind: "interrupt-seen", serial: message.serial });
        break;
      case "terminated":
        // May come late: the next cell must not pay for it.
        for (const cell of this.lanes.running()) if (cell.lastInterrupt === message.serial) this.giveUp(cell);
        break;
      case "input":
        this.inputs.answer(message.text);
        break;
      case "subshell-gone":
        this.abortQueue(this.lanes.of(message.subshell));
        break;
    }
  }

  print(name: StreamName, text: string): void {
    const cell = this.outputCell();
    if (cell) this.printer.print({ name, cell: cell.output, text });
  }

  /** Sends what was printed. */
  flush(): void {
    this.printer.flush();
  }

  /** Aborts the signals, and ends the running cells from outside that do not end by themselves. */
  interrupt(): void {
    const reason = new InterruptedError(INTERRUPTED);
    for (const cell of this.listening) this.context.run(cell, () => cell.controller.abort(reason));
    this.listening.clear();
    const { cooperative } = this.shared;
    for (const cell of this.lanes.running()) {
      cell.interrupts += 1;
      cell.controller.abort(reason);
      const patient = cooperative && cell.interrupts === 1;
      setTimeout(() => this.giveUp(cell), patient ? GRACE_MS.cooperative : GRACE_MS.plain);
    }
  }

  /** The cell that started the code that runs now; where that is not known, the one that runs or ran last. */
  owner(): Cell | undefined {
    return this.context.current ?? this.lanes.running()[0] ?? this.last;
  }

  outputCell(): Cell | undefined {
    const cell = this.owner();
    return cell?.stale || cell?.silent ? undefined : cell;
  }

  listens(cell: Cell): void {
    this.listening.add(cell);
    if (isRunning(cell)) this.shared.cooperative = true;
  }

  ask(cell: Cell | undefined, prompt: string, password: boolean): Promise<string> {
    return this.inputs.ask(cell, prompt, password);
  }

  publish(cell: Cell, type: OutputType | "execute_input" | "execute_result" | "error", content: Content): void {
    this.tell({ kind: "publish", cell: cell.output, type, content: jsonText(content) });
  }

  /**
   * An error that no cell caught: shown below its cell, the kernel lives on. Whoever runs a notebook without looking at it
   * asks for them at the end.
   * @param promise That was rejected with it.
   */
  uncaught(error: unknown, promise?: Promise<unknown>): void {
    if (StoppedRun.is(error)) return;
    const { traceback } = this.describe(error);
    const text = `uncaught: ${traceback.join("\n")}\n`;
    // A timer may throw for ever.
    if (this.uncaughtErrors.length < MOST_UNCAUGHT) {
      this.uncaughtErrors.push({ cell: this.owner()?.number ?? 0, text, promise });
    }
    this.print("stderr", text);
  }

  /** A rejection that a later cell caught was none. */
  caught(promise: Promise<unknown>): void {
    const at = this.uncaughtErrors.findIndex((uncaught) => uncaught.promise === promise);
    if (at >= 0) this.uncaughtErrors.splice(at, 1);
  }

  /** Cells of a shell run one after the other; messages of comms are taken at once, also while a cell awaits. */
  private take(request: Request): void {
    if (request.type === "execute_request") {
      const lane = this.lanes.of(request.subshell);
      lane.queue.push(request);
      this.next(lane);
      return;
    }
    this.begin(request.id);
    this.hear(request);
    this.finish(request.id, "", {});
  }

  private next(lane: Lane): void {
    if (!this.runner || lane.current) return;
    const request = lane.queue.shift();
    if (!request) return;
    this.begin(request.id);
    this.execute(request, this.runner);
  }

  /** Must not fail whatever was thrown: it is asked where nobody catches. */
  private describe(error: unknown): CellError {
    try {
      return this.runner?.describe(error) ?? runtimeError(error);
    } catch {
      return runtimeError("an error that cannot be shown");
    }
  }

  private execute(request: Request, runner: CellRunner): void {
    const { content } = request;
    const code = String(content.code ?? "");
    const silent = content.silent === true;
    const stored = !silent && content.store_history !== false;
    if (stored) this.executionCount += 1;
    const cell = this.newCell(request);
    cell.lane.current = cell;
    this.shared.phase = Phase.Running;
    this.noteListeners();
    if (!silent) this.publish(cell, "execute_input", { code, execution_count: cell.number });
    this.context.run(cell, () => {
      runner
        .execute(code, cell.number, cell.request, cell.controller.signal)
        .then((outcome) => this.show(cell, this.endedInTime(cell, outcome)))
        .then(async (shown) => {
          const user_expressions = await this.evaluate(cell, content.user_expressions, shown.outcome, runner);
          if (stored && !cell.settled) {
            this.tell({ kind: "history", number: cell.number, input: code, output: shown.text });
          }
          this.settle(cell, shown.outcome, user_expressions);
        })
        .catch((error) => this.settle(cell, { status: "error", error: this.describe(error) }));
    });
  }

  private newCell({ id, content, metadata, subshell }: Request, output = id): Cell {
    return {
      request: id,
      output,
      lane: this.lanes.of(subshell),
      number: this.executionCount,
      source: String(content.code ?? ""),
      name: String(metadata?.cellId ?? ""),
      controller: new AbortController(),
      silent: content.silent === true,
      stopOnError: content.stop_on_error !== false && content.silent !== true,
      allowStdin: content.allow_stdin === true,
      payload: [],
      interrupts: 0,
      interruptsBefore: this.shared.interrupts,
      lastInterrupt: 0,
      settled: false,
      stale: false,
    };
  }

  /** Publishes the value of the last expression; an error in showing it is the cell's error. */
  private async show(cell: Cell, outcome: Outcome): Promise<{ outcome: Outcome; text: string | null }> {
    if (outcome.status !== "ok" || outcome.value === undefined || cell.silent) return { outcome, text: null };
    try {
      const data = asJson(await bundleOf(outcome.value));
      if (!cell.settled) {
        this.publish(cell, "execute_result", { data, metadata: {}, execution_count: cell.number });
      }
      return { outcome, text: String(data["text/plain"]) };
    } catch (error) {
      return { outcome: { status: "error", error: this.describe(error) }, text: null };
    }
  }

  /** Values of the expressions that the client asked for with the cell, each with a status of its own. */
  private async evaluate(cell: Cell, wanted: unknown, outcome: Outcome, runner: CellRunner): Promise<Content> {
    const values: Content = {};
    if (outcome.status !== "ok" || typeof wanted !== "object" || wanted === null) return values;
    for (const [name, expression] of Object.entries(wanted)) {
      try {
        const result = await runner.execute(String(expression), 0, cell.request, cell.controller.signal);
        if (result.status === "error") values[name] = { status: "error", ...result.error };
        else values[name] = { status: "ok", data: asJson(await bundleOf(result.value)), metadata: {} };
      } catch (error) {
        values[name] = { status: "error", ...this.describe(error) };
      }
    }
    return values;
  }

  private giveUp(cell: Cell): void {
    if (!isRunning(cell)) return;
    this.runner?.interrupt(cell.request);
    // After a termination the chain of execute() may be dead.
    setTimeout(() => {
      const error = this.describe(new InterruptedError(INTERRUPTED));
      this.settle(cell, { status: "error", error });
    }, UNWIND_MS);
  }

  private settle(cell: Cell, outcome: Outcome, user_expressions: Content = {}): void {
    if (!isRunning(cell) || cell.settled) return;
    cell.settled = true;
    const { number: execution_count, payload } = cell;
    if (outcome.status === "ok") {
      this.finishCell(cell, { status: "ok", execution_count, user_expressions, payload });
      return;
    }
    const error = this.wasInterrupted(cell) ? interrupted(outcome.error) : outcome.error;
    if (!cell.silent) this.publish(cell, "error", { ...error });
    setTimeout(() => {
      this.finishCell(cell, { status: "error", execution_count, ...error });
      if (cell.stopOnError) this.abortQueue(cell.lane);
    }, COLLECT_MS);
  }

  /** What ended a blocking call may have let the cell come to its end with half of what it waited for. */
  private endedInTime(cell: Cell, outcome: Outcome): Outcome {
    const unheard = this.shared.interrupts - cell.interruptsBefore - cell.interrupts;
    if (outcome.status === "error" || unheard <= 0) return outcome;
    return { status: "error", error: this.describe(new InterruptedError(INTERRUPTED)) };
  }

  /** Also one of which this thread has heard nothing yet, while a child process that it ended blocked it. */
  private wasInterrupted(cell: Cell): boolean {
    return cell.interrupts > 0 || this.shared.interrupts > cell.interruptsBefore;
  }

  private finishCell(cell: Cell, content: Content): void {
    cell.stale = this.wasInterrupted(cell);
    if (cell.stale) {
      this.guard.stop(cell.request);
      this.workers.stop(cell.request);
    }
    this.last = cell;
    cell.lane.current = undefined;
    if (this.lanes.running().length === 0) this.shared.phase = Phase.Idle;
    this.noteListeners();
    this.finish(cell.request, "execute_reply", content);
    this.tellEnded(cell);
    setImmediate(() => this.next(cell.lane));
  }

  /** Whether a cell that runs will stop by itself. */
  private noteListeners(): void {
    this.shared.cooperative = this.lanes.running().some((cell) => this.listening.has(cell));
  }

  private tellEnded(cell: Cell): void {
    if (cell.silent) return;
    try {
      this.ended(cell);
    } catch (error) {
      this.uncaught(error);
    }
  }

  private begin(id: number): void {
    this.tell({ kind: "begin", id, at: sinceBoot(), children: this.children.pids() });
  }

  private finish(id: number, type: string, content: Content): void {
    this.tell({ kind: "finish", id, type, content: JSON.stringify(content), children: this.children.pids() });
  }

  /** What the client sent before it knew of the failure, or of its subshell's end, is not run. */
  private abortQueue({ queue }: Lane): void {
    for (const request of queue.splice(0)) {
      this.begin(request.id);
      this.finish(request.id, "execute_reply", { status: "aborted", execution_count: this.executionCount });
    }
  }

  /**
   * Listeners print and show below the cell that opened the comm, where its widget is: JupyterLab shows nothing of what
   * answers a message of a widget.
   */
  private hear(request: Request): void {
    const cell = this.newCell(request, this.openers.get(String(request.content.comm_id)));
    this.context.run(cell, () => {
      try {
        this.comms.receive(request.type, request.content, request.metadata ?? {}, request.buffers ?? []);
      } catch (error) {
        this.uncaught(error);
      }
    });
  }
}

function isRunning(cell: Cell): boolean {
  return cell.lane.current === cell;
}

/** However deep it hit, an interrupt is shown in one line. */
function interrupted(error: CellError): CellError {
  if (error.ename === "InterruptedError") return { ...error, traceback: error.traceback.slice(0, 1) };
  return { ename: "InterruptedError", evalue: INTERRUPTED, traceback: [`InterruptedError: ${INTERRUPTED}`] };
}
