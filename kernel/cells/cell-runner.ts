import { join } from "node:path";
import vm from "node:vm";
import { InterruptedError } from "../../src/core/errors";
import { CellCompiler, type CompiledCell } from "../language/cell-compiler";
import { cellMetadata } from "../language/cell-metadata";
import type { CellScript } from "../language/cell-script";
import type { Completeness } from "../language/completeness";
import type { Completion } from "../language/completion";
import type { PreludePackage } from "../language/package";
import { installRuntimeResolution } from "../language/runtime-resolution";
import { importMeta, ModuleLoader } from "../modules/module-loader";
import { isPromise, type Namespace } from "../modules/namespaces";
import { Phase, type SharedState } from "../wire/threads";
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
  compiled?: CompiledCell;
  frame?: CellFrame;
  /** Later cells know of its declarations. */
  kept: boolean;
  readonly interrupted: Promise<never>;
  readonly interrupt: (reason: InterruptedError) => void;
}

/**
 * Runs cells: compiles them, loads what they import, and calls them as scripts whose variables all cells share.
 *
 * `execute` must not be called again before the last call settled or `interrupt` was called.
 */
export class CellRunner {
  private readonly compiler: CellCompiler;
  private readonly loader: ModuleLoader;
  private readonly positions = new StackPositions();
  private readonly call = new vm.Script('globalThis[Symbol.for("blockwise.run-cell")]()', { filename: CALL_SCRIPT });
  /** What cells are to `import.meta`, `__filename` and relative imports. */
  private readonly path: string;
  /** Variables of the session that exist in the global scope. */
  private readonly variables = new Set<string>();
  private running: Running | undefined;

  constructor(
    prelude: PreludePackage,
    private readonly cwd: string,
    private readonly shared: SharedState,
    private readonly warn: (text: string) => void,
  ) {
    installRuntimeResolution(prelude, cwd);
    this.path = join(cwd, "cell.ts");
    this.compiler = new CellCompiler(prelude, cwd);
    const { ts, options } = this.compiler;
    const compiled = this.positions.add.bind(this.positions);
    this.loader = new ModuleLoader({ ts, options, cwd, compiled });
    this.positions.install();
  }

  /** Does once what the first cell would wait for. */
  warmUp(): void {
    this.compiling(() => this.compiler.warmUp());
  }

  /** To be called while nobody waits: the next cells compile faster. */
  practise(): void {
    this.compiling(() => this.compiler.practise());
  }

  /** Keeps the compiler's compiled code for the next start. */
  saveCode(): void {
    this.compiler.saveCode();
  }

  /**
   * Runs one cell; never rejects.
   * @param number as the user sees it.
   * @param run a number of its own for each execution.
   */
  async execute(source: string, number: number, run: number): Promise<Outcome> {
    const running = newRunning(number, run);
    this.running = running;
    this.shared.phase = Phase.Running;
    try {
      const { module, browser } = cellMetadata(source);
      if (browser) return { status: "ok" };
      if (module !== undefined) return this.defineModule(module, source);
      const compiled = this.compiling(() => this.compiler.compile(source, run));
      const { script } = compiled;
      if (!script) return { status: "error", error: compileError(compiled.diagnostics, source) };
      running.compiled = compiled;
      await this.run(running, script, compiled.sourceMap);
      this.keep(running, Number.POSITIVE_INFINITY);
      return { status: "ok", value: running.frame!.value };
    } catch (error) {
      this.keepWhatRan(running);
      return { status: "error", error: this.describe(error) };
    }
  }

  describe(thrown: unknown): CellError {
    // A signal that met code which never awaits; by message the session itself knows.
    return runtimeError(endedBySignal(thrown) ? interruption() : thrown);
  }

  /** Gives the running cell up; what it declared and assigned so far is kept. */
  interrupt(): void {
    const { running } = this;
    this.running = undefined;
    mendLibrary();
    if (!running) return;
    this.keepWhatRan(running);
    running.interrupt(interruption());
  }

  complete(source: string, position: number): Completion {
    return this.compiling(() => this.compiler.complete(source, position));
  }

  /** Type and documentation of what stands at the position, undefined when there is nothing. */
  inspect(source: string, position: number): string | undefined {
    return this.compiling(() => this.compiler.inspect(source, position));
  }

  isComplete(source: string): Completeness {
    return this.compiler.isComplete(source);
  }

  private async run(running: Running, script: CellScript, sourceMap: string): Promise<void> {
    this.loader.refresh();
    const namespaces: Namespace[] = [];
    for (const [index, { specifier }] of script.imports.entries()) {
      const changed = (namespace: Namespace): void => running.frame?.refresh(index, namespace);
      const loaded = this.loader.load(specifier, this.path, changed);
      namespaces.push(isPromise(loaded) ? await Promise.race([loaded, running.interrupted]) : loaded);
    }
    if (this.running !== running) throw interruption();
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

  private defineModule(name: string, source: string): Outcome {
    const path = join(this.cwd, `${name}.ts`);
    this.compiler.setVirtualFile(path, source);
    this.loader.setVirtualFile(path, source);
    const { diagnostics } = this.compiling(() => this.compiler.compile(`import "./${name}";`, 0));
    for (const { start, messageText } of diagnostics) {
      this.warn(`${name}.ts:${start.line + 1}:${start.character + 1} - ${messageText}\n`);
    }
    return { status: "ok" };
  }

  private keepWhatRan(running: Running): void {
    const { frame } = running;
    frame?.giveUp();
    if (frame) this.keep(running, frame.at);
  }

  private keep(running: Running, at: number): void {
    if (!running.kept && running.compiled?.script) running.compiled.keep(at);
    running.kept = true;
  }

  private compiling<T>(work: () => T): T {
    const before = this.shared.phase;
    this.shared.phase = Phase.Compiling;
    try {
      return work();
    } finally {
      this.shared.phase = before;
    }
  }
}

function newRunning(number: number, run: number): Running {
  let interrupt: Running["interrupt"] = () => {};
  const interrupted = new Promise<never>((_, reject) => {
    interrupt = reject;
  });
  // Nobody may wait for it.
  interrupted.catch(() => {});
  return { number, run, kept: false, interrupted, interrupt };
}

/** What the library left open when it was terminated; see `src/engine/recovery.ts`. */
function mendLibrary(): void {
  (globalThis as { [AFTER_TERMINATION]?: () => void })[AFTER_TERMINATION]?.();
}

function interruption(): InterruptedError {
  return new InterruptedError("cell: interrupted by the user");
}
