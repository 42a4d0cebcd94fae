import type * as TypeScript from "@tslab/typescript-for-tslab";
import type * as TslabConverter from "tslab/dist/converter";
import type * as TslabExecutor from "tslab/dist/executor";
import type * as TslabInspect from "tslab/dist/inspect";
import { InterruptedError } from "../../src/core/errors";
import { loadTypeScript } from "../language/compiler-host";
import { exportedNames } from "../language/exported-names";
import { guardLoops } from "../language/loop-guard";
import type { PreludePackage } from "../language/package";
import { bindPrelude, preludeImport } from "../language/prelude";
import { installRuntimeResolution } from "../language/runtime-resolution";
import { spellShorthand } from "../language/shorthand";
import { annotateUnnameable } from "../language/unnameable-types";
import { Phase, type SharedState } from "../wire/threads";
import { withCellConsole } from "./cell-console";
import { LineMap } from "./line-map";
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

interface Running {
  readonly number: number;
  readonly source: string;
  compiled: string;
  diagnostics: TslabConverter.Diagnostic[];
  thrown?: { error: unknown };
  value?: unknown;
}

/**
 * Type-checks and runs cells with tslab's converter and executor, which are private parts of tslab 1.0.22.
 *
 * `execute` must not be called again before the last call settled or `interrupt` was called.
 */
export class CellRunner {
  private readonly ts: typeof TypeScript;
  private readonly converter: TslabConverter.Converter;
  private readonly executor: TslabExecutor.Executor;
  private readonly isCompleteCode: typeof TslabConverter.isCompleteCode;
  private readonly printQuickInfo: typeof TslabInspect.printQuickInfo;
  private readonly cells = new Map<number, { source: string; compiled: string }>();
  private running: Running | undefined;
  private readingPrelude = false;
  readonly names: readonly string[];

  constructor(
    prelude: PreludePackage,
    cwd: string,
    private readonly shared: SharedState,
    private readonly warn: (text: string) => void,
  ) {
    this.ts = loadTypeScript(prelude, cwd);
    installRuntimeResolution(prelude, cwd);
    // Loaded late: they must see the compiler as loadTypeScript changed it.
    const { createConverter, isCompleteCode } = require("tslab/dist/converter") as typeof TslabConverter;
    const { createExecutor } = require("tslab/dist/executor") as typeof TslabExecutor;
    this.printQuickInfo = (require("tslab/dist/inspect") as typeof TslabInspect).printQuickInfo;
    this.isCompleteCode = isCompleteCode;
    this.converter = createConverter();
    const node = { ...this.converter, convert: (previous: string, source: string) => this.convert(previous, source) };
    let browser: TslabConverter.Converter | undefined;
    const converters = {
      node,
      get browser() {
        browser ??= createConverter({ isBrowser: true });
        return browser;
      },
      close: () => {},
    };
    this.executor = createExecutor(cwd, converters, {
      log: (value) => {
        if (this.running) this.running.value = value;
      },
      error: (...args) => this.onExecutorError(args),
    });
    this.names = exportedNames(this.ts, prelude.types);
    this.readPrelude(prelude);
  }

  /** Runs one cell; never rejects. */
  async execute(source: string, number: number): Promise<Outcome> {
    const running: Running = { number, source, compiled: "", diagnostics: [] };
    this.running = running;
    this.shared.phase = Phase.Running;
    try {
      const done = await this.executor.execute(source);
      if (done) return { status: "ok", value: running.value };
      if (running.diagnostics.length > 0) return { status: "error", error: compileError(running.diagnostics, source) };
      return { status: "error", error: this.describe(running.thrown?.error) };
    } catch (error) {
      return { status: "error", error: this.describe(error) };
    }
  }

  describe(thrown: unknown): CellError {
    // A signal that met code which never awaits; by message the session itself knows.
    const bySignal = (thrown as { code?: unknown } | undefined)?.code === "ERR_SCRIPT_EXECUTION_INTERRUPTED";
    const error = bySignal ? new InterruptedError("cell: interrupted by the user") : thrown;
    return runtimeError(error, (cell, line) => this.locate(cell, line));
  }

  /** Gives the running cell up; what it declared is not kept, what it assigned is. */
  interrupt(): void {
    this.executor.interrupt();
  }

  complete(source: string, position: number): Completion {
    const info = this.compiling(() => this.executor.complete(source, position));
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
    const info = this.compiling(() => this.executor.inspect(source, position));
    return info ? this.printQuickInfo(info) : undefined;
  }

  isComplete(source: string): TslabConverter.IsCompleteResult {
    return this.isCompleteCode(source);
  }

  get typescriptVersion(): string {
    return this.ts.version;
  }

  private readPrelude(prelude: PreludePackage): void {
    if (this.names.length === 0) throw new Error(`package ${prelude.name}: ${prelude.types} exports nothing`);
    const running: Running = { number: 0, source: "", compiled: "", diagnostics: [] };
    this.running = running;
    this.readingPrelude = true;
    // Returns before its first await: the converter yields nothing to run, see convert().
    void this.executor.execute(preludeImport(prelude.name, this.names));
    this.readingPrelude = false;
    if (running.diagnostics.length > 0) {
      const problems = compileError(running.diagnostics, running.source);
      throw new Error(`package ${prelude.name}: its declarations do not compile: ${problems.evalue}`);
    }
    bindPrelude(this.executor.locals, this.names, () => require(prelude.name));
  }

  private convert(previous: string, source: string): TslabConverter.ConvertResult {
    const result = this.compiling(() => {
      const spelled = this.convertText(previous, spellShorthand(this.ts, source));
      // Errors are told at the places of what was written.
      return spelled.diagnostics.length > 0 ? this.convertText(previous, source) : spelled;
    });
    const running = this.running;
    if (running) running.diagnostics = result.diagnostics;
    // Only the declarations are wanted: bindPrelude provides the values, later.
    if (this.readingPrelude) return { ...result, output: undefined };
    if (running === undefined || result.output === undefined) return result;
    const guarded = result.hasToplevelAwait ? guardLoops(this.ts, result.output, running.number) : result.output;
    running.compiled = guarded;
    this.cells.set(running.number, { source, compiled: guarded });
    return {
      ...result,
      output: `${withCellConsole(guarded, running.number)}\n//# sourceURL=cell-${running.number}.ts`,
    };
  }

  private convertText(previous: string, source: string): TslabConverter.ConvertResult {
    const first = this.converter.convert(previous, source);
    const annotated = annotateUnnameable(source, first.diagnostics);
    return annotated === undefined ? first : this.converter.convert(previous, annotated);
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
    } else if (this.running?.diagnostics.length === 0) {
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
