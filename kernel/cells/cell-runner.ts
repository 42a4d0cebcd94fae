import { AsyncResource } from "node:async_hooks";
import { join } from "node:path";
import vm from "node:vm";
import { InterruptedError } from "../../src/core/errors";
import type { CompiledCell } from "../language/cell-compiler";
import { cellMetadata } from "../language/cell-metadata";
import type { CellScript } from "../language/cell-script";
import type { Diagnostic } from "../language/diagnostic";
import type { LanguageClient } from "../language/language-client";
import { importMeta, ModuleLoader } from "../modules/module-loader";
import { isPromise, type Namespace } from "../modules/namespaces";
import { CellFrame } from "./cell-frame";
import { CALL_SCRIPT, StackPositions } from "./stack-positions";
import { endedBySignal } from "./thrown";
import { type CellError, compileError, runtimeError } from "./traceback";

/** How a cell ended; `value` is that of its last expression. */
export type Outcome = { status: "ok"; value?: unknown } | { status: "error"; error: CellError };

/** Not imported from the engine, which would load TensorFlow.js's types and more. */
const AFTER_TERMINATION: unique symbol = Symbol.for("blockwise.after-termination");
/** Where the script that calls a cell finds it. */
const RUN_CELL: unique symbol = Symbol.for("blockwise.run-cell");
/** The compiler's text of a cell has one line above what the user wrote. */
const LINES_ABOVE = 1;

interface Running {
  readonly number: number;
  readonly run: number;
  readonly signal: AbortSignal;
  /** By which the language thread knows it. */
  compilation: number;
  frame?: CellFrame;
  over: boolean;
  readonly interrupted: Promise<never>;
  readonly interrupt: (reason: InterruptedError) => void;
}

/**
 * Runs cells: has them compiled, loads what they import, and calls them as scripts whose variables all cells share.
 *
 * Those of one run are executed one after the other; cells of other shells may run while they await.
 */
export class CellRunner {
  private readonly loader: ModuleLoader;
  private readonly positions = new StackPositions();
  private readonly call = new vm.Script('globalThis[Symbol.for("blockwise.run-cell")]()', { filename: CALL_SCRIPT });
  /** What cells are to `import.meta`, `__filename` and relative imports. */
  private readonly path: string;
  /** Variables of the session that exist in the global scope. */
  private readonly variables = new Set<string>();
  /** Cells that wait to be compiled; each says whether it is. */
  private readonly turns: (() => boolean)[] = [];
  private compiling = false;
  /** By the numbers of their runs. */
  private readonly running = new Map<number, Running>();

  constructor(
    private readonly language: LanguageClient,
    private readonly cwd: string,
    private readonly warn: (text: string) => void,
  ) {
    this.path = join(cwd, "cell.ts");
    this.loader = new ModuleLoader({
      translate: language.translate.bind(language),
      localFile: language.localFile.bind(language),
      compiled: this.positions.add.bind(this.positions),
    });
    this.positions.install();
  }

  /**
   * Runs one cell; never rejects. After an interrupt it may never settle.
   * @param number as the user sees it.
   * @param run a number of its own for each execution.
   * @param signal of the cell's interrupts: one that was interrupted while it was compiled does not begin.
   */
  execute(source: string, number: number, run: number, signal: AbortSignal): Promise<Outcome> {
    const { module, browser } = cellMetadata(source);
    if (browser) return Promise.resolve({ status: "ok" });
    if (module !== undefined) return this.defineModule(module, source);
    const running = newRunning(number, run, signal);
    this.running.set(run, running);
    return new Promise((settle) => {
      const fail = (error: unknown): void => settle({ status: "error", error: this.describe(error) });
      const begin = (compiled: CompiledCell): void => settle(this.runCompiled(running, compiled, source));
      const [compiled, failed] = [AsyncResource.bind(begin), AsyncResource.bind(fail)];
      this.turns.push(() => {
        if (this.isOver(running)) fail(interruption());
        else running.compilation = this.language.compile(source, run, this.afterTurn(compiled), this.afterTurn(failed));
        return running.compilation > 0;
      });
      if (!this.compiling) this.nextTurn();
    });
  }

  /** One cell is compiled at a time: the next one sees what this declares until it awaits. */
  private nextTurn(): void {
    this.compiling = false;
    for (const { compilation, frame } of this.running.values()) if (frame) this.language.reached(compilation, frame.at);
    while (this.turns.length > 0 && !this.compiling) this.compiling = this.turns.shift()!();
  }

  private afterTurn<T>(settle: (result: T) => void): (result: T) => void {
    return (result) => {
      // Before the cell runs, which may be ended at any place.
      setImmediate(() => this.nextTurn());
      settle(result);
    };
  }

  describe(thrown: unknown): CellError {
    // A signal that met code which never awaits; by message the session itself knows.
    return runtimeError(endedBySignal(thrown) ? interruption() : thrown);
  }

  /** Gives a running cell up; what it declared and assigned so far is kept. */
  interrupt(run: number): void {
    mendLibrary();
    const running = this.running.get(run);
    if (!running) return;
    this.giveUp(running);
    running.interrupt(interruption());
  }

  private async runCompiled(running: Running, compiled: CompiledCell, source: string): Promise<Outcome> {
    try {
      if (this.isOver(running)) throw interruption();
      const { script } = compiled;
      if (!script) {
        this.end(running, undefined);
        return { status: "error", error: compileError(compiled.diagnostics, source) };
      }
      await this.run(running, script, compiled.sourceMap);
      this.end(running, Number.POSITIVE_INFINITY);
      return { status: "ok", value: running.frame!.value };
    } catch (error) {
      this.giveUp(running);
      return { status: "error", error: this.describe(error) };
    }
  }

  private isOver(running: Running): boolean {
    return running.over || running.signal.aborted;
  }

  private async run(running: Running, script: CellScript, sourceMap: string): Promise<void> {
    this.loader.refresh();
    const namespaces: Namespace[] = [];
    for (const [index, { specifier }] of script.imports.entries()) {
      const changed = (namespace: Namespace): void => running.frame?.refresh(index, namespace);
      const loaded = this.loader.load(specifier, this.path, changed);
      namespaces.push(isPromise(loaded) ? await Promise.race([loaded, running.interrupted]) : loaded);
    }
    if (this.isOver(running)) throw interruption();
    this.declare(script.bindings);
    const load = async (specifier: string): Promise<Namespace> => this.loader.load(specifier, this.path);
    const frame = new CellFrame(script, namespaces, importMeta(this.path), load);
    running.frame = frame;
    const filename = this.fileName(running);
    this.positions.add(filename, script.code, sourceMap, LINES_ABOVE);
    const cell = new vm.Script(script.code.text, { filename }).runInThisContext() as (...all: unknown[]) => unknown;
    const module = { exports: {}, filename: this.path };
    const given: Record<string, unknown> = {
      __cell: frame,
      require: this.loader.requireFrom(this.path),
      module,
      exports: module.exports,
      __filename: this.path,
      __dirname: this.cwd,
    };
    const value = () => cell(...script.parameters.map((name) => given[name]));
    Object.defineProperty(globalThis, RUN_CELL, { value, configurable: true });
    const result = this.call.runInThisContext({ breakOnSigint: true });
    if (isPromise(result)) await Promise.race([result, running.interrupted]);
  }

  /** For good: what no cell declared yet becomes a variable of the global scope. */
  private declare(bindings: readonly string[]): void {
    const missing = bindings.filter((name) => !this.variables.has(name));
    if (missing.length > 0) vm.runInThisContext(`let ${missing.join(",")};`);
    for (const name of missing) this.variables.add(name);
  }

  /** By the number that the user sees, but each run has its own. */
  private fileName({ number, run }: Running): string {
    const plain = `cell-${number}.ts`;
    return this.positions.has(plain) ? `cell-${number}.ts?${run}` : plain;
  }

  private defineModule(name: string, source: string): Promise<Outcome> {
    const path = join(this.cwd, `${name}.ts`);
    this.language.setVirtualFile(path, source);
    this.loader.setVirtualFile(path, source);
    return new Promise((settle) => {
      const done = (diagnostics: readonly Diagnostic[]): void => {
        this.language.over(id, undefined);
        for (const { start, messageText } of diagnostics) {
          this.warn(`${name}.ts:${start.line + 1}:${start.character + 1} - ${messageText}\n`);
        }
        settle({ status: "ok" });
      };
      const fail = (error: unknown): void => settle({ status: "error", error: this.describe(error) });
      const compiled = AsyncResource.bind(({ diagnostics }: CompiledCell) => done(diagnostics));
      const id = this.language.compile(`import "./${name}";`, 0, compiled, fail);
    });
  }

  private giveUp(running: Running): void {
    running.frame?.giveUp();
    this.end(running, running.frame?.at);
  }

  /** Later cells know of its declarations up to that mark. */
  private end(running: Running, at: number | undefined): void {
    if (running.over) return;
    running.over = true;
    this.language.over(running.compilation, at);
    if (this.running.get(running.run) === running) this.running.delete(running.run);
  }
}

function newRunning(number: number, run: number, signal: AbortSignal): Running {
  let interrupt: Running["interrupt"] = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject;
  });
  // Nobody may wait for it.
  interrupted.catch(() => {});
  return { number, run, signal, compilation: 0, over: false, interrupted, interrupt };
}

/** What the library left open when it was terminated; see `src/engine/recovery.ts`. */
function mendLibrary(): void {
  (globalThis as { [AFTER_TERMINATION]?: () => void })[AFTER_TERMINATION]?.();
}

function interruption(): InterruptedError {
  return new InterruptedError("cell: interrupted by the user");
}
