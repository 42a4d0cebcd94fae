import type * as TslabConverter from "tslab/dist/converter";
import type * as TslabExecutor from "tslab/dist/executor";
import type * as TslabMetadata from "tslab/dist/metadata";
import { InterruptedError } from "../../src/core/errors";
import { CellCompiler } from "../language/cell-compiler";
import { type Completeness, judgeCode } from "../language/completeness";
import { ModuleImporter } from "../language/module-import";
import type { PreludePackage } from "../language/package";
import { bindPrelude } from "../language/prelude";
import { describeInfo } from "../language/quick-info";
import { installRuntimeResolution } from "../language/runtime-resolution";
import { Phase, type SharedState } from "../wire/threads";
import { LineMap } from "./line-map";
import { withCellTimers } from "./run-guard";
import { type CellError, compileError, runtimeError } from "./traceback";

/** How a cell ended; `value` is that of its last expression. */
export type Outcome = { status: "ok"; value?: unknown } | { status: "error"; error: CellError };

export interface Completion {
  readonly matches: string[];
  /** Offsets in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** Kinds of the matches, as TypeScript names them. */
  readonly kinds: ReadonlyMap<string, string>;
}

/** Not imported from the engine, which would load TensorFlow.js's types and more. */
const AFTER_TERMINATION: unique symbol = Symbol.for("blockwise.after-termination");

interface Running {
  readonly number: number;
  readonly run: number;
  readonly source: string;
  /** Undefined until it compiled, and for `@module` cells. */
  result?: TslabConverter.ConvertResult;
  /** Its names that have a value by now. */
  readonly assigned: Set<string>;
  /** Later cells know of its declarations. */
  kept: boolean;
  thrown?: { error: unknown };
}

/**
 * Runs cells with tslab's executor, which is a private part of tslab 1.0.22.
 *
 * `execute` must not be called again before the last call settled or `interrupt` was called.
 */
export class CellRunner {
  private readonly compiler: CellCompiler;
  private readonly executor: TslabExecutor.Executor;
  private readonly importer: ModuleImporter;
  private readonly getCodeMetadata: typeof TslabMetadata.getCodeMetadata;
  private readonly cells = new Map<number, { source: string; compiled: string }>();
  /** The notebook's variables. */
  private readonly scope: Record<string, unknown> = {};
  private running: Running | undefined;

  constructor(
    prelude: PreludePackage,
    cwd: string,
    private readonly shared: SharedState,
    private readonly warn: (text: string) => void,
  ) {
    installRuntimeResolution(prelude, cwd);
    this.compiler = new CellCompiler(prelude, cwd);
    this.importer = new ModuleImporter(cwd);
    // Loaded late: they must see the compiler as CellCompiler changed it.
    const { createExecutor } = require("tslab/dist/executor") as typeof TslabExecutor;
    this.getCodeMetadata = (require("tslab/dist/metadata") as typeof TslabMetadata).getCodeMetadata;
    const { converter, createConverter } = this.compiler;
    let browser: TslabConverter.Converter | undefined;
    const converters = {
      // The cell was compiled before, see execute(); its value is taken from the scope.
      node: { ...converter, convert: () => ({ ...this.running!.result!, lastExpressionVar: undefined }) },
      get browser() {
        browser ??= createConverter({ isBrowser: true });
        return browser;
      },
      close: () => {},
    };
    this.executor = createExecutor(cwd, converters, { log: () => {}, error: (...args) => this.onExecutorError(args) });
    bindPrelude(this.scope, this.compiler.names, () => require(prelude.name));
    (globalThis as unknown as { __tslab__: { exports: unknown } }).__tslab__.exports = this.observedScope();
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
    const running: Running = { number, run, source, assigned: new Set(), kept: false };
    this.running = running;
    this.shared.phase = Phase.Running;
    try {
      const { module, mode } = this.getCodeMetadata(source);
      if (module === undefined && mode !== "browser") {
        const result = this.compile(running);
        if (result.diagnostics.length > 0) return { status: "error", error: compileError(result.diagnostics, source) };
        const waiting = this.importer.awaitFirst(result.output ?? "");
        if (waiting) {
          await waiting;
          if (this.running !== running) return { status: "error", error: this.describe(interruption()) };
        }
      }
      if (await this.executor.execute(source)) return { status: "ok", value: this.finish(running) };
      this.keepWhatRan(running);
      return { status: "error", error: this.describe(running.thrown?.error) };
    } catch (error) {
      this.keepWhatRan(running);
      return { status: "error", error: this.describe(error) };
    }
  }

  describe(thrown: unknown): CellError {
    // A signal that met code which never awaits; by message the session itself knows.
    const bySignal = (thrown as { code?: unknown } | undefined)?.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED";
    return runtimeError(bySignal ? interruption() : thrown, (cell, line) => this.locate(cell, line));
  }

  /** Gives the running cell up; what it declared and assigned so far is kept. */
  interrupt(): void {
    const { running } = this;
    this.running = undefined;
    mendLibrary();
    if (running) this.keepWhatRan(running);
    this.executor.interrupt();
  }

  complete(source: string, position: number): Completion {
    const info = this.compiling(() => this.compiler.complete(source, position));
    const entries = info.original?.entries ?? [];
    return {
      matches: info.candidates,
      start: info.start,
      end: info.end,
      kinds: new Map(entries.map((entry) => [entry.name, entry.kind as string])),
    };
  }

  /** Type and documentation of what stands at the position, undefined when there is nothing. */
  inspect(source: string, position: number): string | undefined {
    const info = this.compiling(() => this.compiler.inspect(source, position));
    return info ? describeInfo(info) : undefined;
  }

  isComplete(source: string): Completeness {
    return judgeCode(this.compiler.ts, source, this.compiler.isCompleteCode(source));
  }

  private compile(running: Running): TslabConverter.ConvertResult {
    const { source, number, run } = running;
    const result = this.compiling(() => this.compiler.compile(source, run));
    const { output } = result;
    if (output === undefined) return result;
    this.cells.set(number, { source, compiled: output });
    running.result = { ...result, output: `${withCellTimers(output, run)}\n//# sourceURL=cell-${number}.ts` };
    return running.result;
  }

  /** The cells' `exports`: what they assign is a variable of the notebook, and noted. */
  private observedScope(): object {
    const note = (name: string | symbol): void => {
      if (typeof name === "string") this.running?.assigned.add(name);
    };
    return new Proxy(this.scope, {
      set: (scope, name, value) => {
        note(name);
        return Reflect.set(scope, name, value);
      },
      // TypeScript defines imported names by getters; a later cell may assign them.
      defineProperty: (scope, name, { get, value }) => {
        if (name === "__esModule") return true;
        note(name);
        return Reflect.set(scope, name, get ? get() : value);
      },
    });
  }

  /** The cell's value; null counts as none, as in tslab. */
  private finish(running: Running): unknown {
    const { result } = running;
    if (!result) return undefined;
    this.compiler.keep(result);
    running.kept = true;
    const name = result.lastExpressionVar;
    if (name === undefined) return undefined;
    const value = this.scope[name];
    delete this.scope[name];
    return value ?? undefined;
  }

  private keepWhatRan(running: Running): void {
    const { source, result, assigned, kept } = running;
    if (!result || kept) return;
    running.kept = true;
    if (result.lastExpressionVar !== undefined) delete this.scope[result.lastExpressionVar];
    this.compiling(() => this.compiler.keepWhatRan(source, result, assigned));
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

  /** The executor reports thrown errors as `error(value)` and problems of `@module` cells with a format string. */
  private onExecutorError(args: unknown[]): void {
    if (args.length === 1) {
      if (this.running) this.running.thrown = { error: args[0] };
    } else {
      const [, file, line, column, text] = args;
      this.warn(`${file}${line}:${column} - ${text}\n`);
    }
  }

  private locate(cell: number, line: number): string | undefined {
    const texts = this.cells.get(cell);
    if (!texts) return undefined;
    const found = new LineMap(texts.source, texts.compiled).sourceLine(line);
    return found === undefined ? undefined : `cell [${cell}] line ${found}`;
  }
}

/** What the library left open when it was terminated; see `src/engine/recovery.ts`. */
function mendLibrary(): void {
  (globalThis as { [AFTER_TERMINATION]?: () => void })[AFTER_TERMINATION]?.();
}

function interruption(): InterruptedError {
  return new InterruptedError("cell: interrupted by the user");
}
