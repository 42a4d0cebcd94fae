import { join } from "node:path";
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from "node:worker_threads";
import type { FileForm, FileScript } from "./file-script";
import type { FromLanguage, LanguageSettings, LanguageTask, Results, ToLanguage } from "./messages";
import type { PreludePackage } from "./package";

type Reply = Exclude<FromLanguage, { kind: "options" }>;
type Settled = (message: Reply) => void;

/**
 * The main thread's side of the language thread, which has the compiler: it checks cells, knows what they declared, and
 * answers the wire thread about code while cells block this one.
 *
 * Results are given to callbacks of events, in which cells can be run: code in the microtask of a promise cannot be ended as
 * safely.
 */
export class LanguageClient {
  readonly thread: Worker;
  /** For the wire thread. */
  readonly wire: MessagePort;
  private readonly port: MessagePort;
  private readonly answered = new Int32Array(new SharedArrayBuffer(4));
  private readonly waiting = new Map<number, Settled>();
  /** Came while this thread waited for another: whose turn is when it is free. */
  private readonly late: FromLanguage[] = [];
  private hasPaths = false;
  private lastId = 0;

  /** @param program folder of the compiled kernel. */
  constructor(program: string, prelude: PreludePackage, cwd: string) {
    const [main, wire] = [new MessageChannel(), new MessageChannel()];
    const settings: LanguageSettings = {
      prelude,
      cwd,
      main: main.port1,
      wire: wire.port1,
      answered: this.answered.buffer as SharedArrayBuffer,
    };
    this.thread = new Worker(join(program, "language", "language-thread.js"), {
      workerData: settings,
      transferList: [main.port1, wire.port1],
    });
    this.wire = wire.port2;
    this.port = main.port2;
    this.port.on("message", (message: FromLanguage) => this.settle(message));
  }

  /**
   * Compiles a cell; returns the number by which its end is told.
   * @param run number of the run that the guards name.
   * @param failed called where the compiler itself did.
   */
  compile(
    source: string,
    run: number,
    done: (cell: Results["compile"]) => void,
    failed: (error: Error) => void,
  ): number {
    return this.ask({ kind: "compile", source, run }, (message) => {
      if (message.kind === "failed") failed(asError(message));
      else done(message.result as Results["compile"]);
    });
  }

  /** The cell came to this mark of its script; cells of other shells know what it declared by then. */
  reached(id: number, at: number): void {
    this.tell({ kind: "reached", id, at });
  }

  /**
   * The cell is over. Later cells know what it declared, as far as it ran: up to this mark of its script; undefined when it
   * did not begin.
   */
  over(id: number, at: number | undefined): void {
    this.tell({ kind: "over", id, at });
  }

  /** A module that cells import by `./name`, though no file of that name exists. */
  setVirtualFile(path: string, text: string): void {
    this.tell({ kind: "virtual-file", path, text });
  }

  /**
   * JavaScript of a local file; this thread stands still meanwhile, as `require` wants it.
   * @throws SyntaxError at the place in the file.
   */
  translate(path: string, text: string, form: FileForm): FileScript {
    return this.wait({ kind: "translate", path, text, form }) as FileScript;
  }

  /** The local file that a specifier without a path means by the `paths` of the user's configuration. */
  localFile(specifier: string, from: string): string | undefined {
    return this.hasPaths ? (this.wait({ kind: "resolve", specifier, from }) as string | undefined) : undefined;
  }

  private wait(task: LanguageTask): unknown {
    let answer: Reply | undefined;
    const id = this.ask(task, (message) => {
      answer = message;
    });
    for (;;) {
      const seen = Atomics.load(this.answered, 0);
      for (let sent = receiveMessageOnPort(this.port); sent; sent = receiveMessageOnPort(this.port)) {
        const message: FromLanguage = sent.message;
        if ("id" in message && message.id === id) this.settle(message);
        else if (this.late.push(message) === 1) setImmediate(() => this.settleLate());
      }
      if (answer) break;
      Atomics.wait(this.answered, 0, seen);
    }
    if (answer.kind === "failed") throw asError(answer);
    return answer.result;
  }

  private ask(task: LanguageTask, settled: Settled): number {
    const id = ++this.lastId;
    this.waiting.set(id, settled);
    this.tell({ kind: "task", id, task });
    return id;
  }

  private tell(message: ToLanguage): void {
    this.port.postMessage(message);
  }

  private settle(message: FromLanguage): void {
    if (message.kind === "options") {
      this.hasPaths = message.hasPaths;
      return;
    }
    const settled = this.waiting.get(message.id);
    this.waiting.delete(message.id);
    settled?.(message);
  }

  /** One at a time: a cell that begins here may be ended. */
  private settleLate(): void {
    const message = this.late.shift()!;
    if (this.late.length > 0) setImmediate(() => this.settleLate());
    this.settle(message);
  }
}

function asError({ name, message }: { readonly name: string; readonly message: string }): Error {
  const error = name === "SyntaxError" ? new SyntaxError(message) : new Error(message);
  if (error.name !== name) error.name = name;
  return error;
}
