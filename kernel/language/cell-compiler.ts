import type * as TypeScript from "@tslab/typescript-for-tslab";
import type * as TslabConverter from "tslab/dist/converter";
import { type Compiler, loadTypeScript } from "./compiler-host";
import { exportedNames } from "./exported-names";
import { declaredNames, keptDeclarations, withoutReset } from "./kept-declarations";
import { awaitsAtTopLevel, guardLoops } from "./loop-guard";
import type { PreludePackage } from "./package";
import { preludeImport, withoutImportOf } from "./prelude";
import { spellShorthand } from "./shorthand";
import { annotateUnnameable } from "./unnameable-types";
import { CellText, skipsCheck } from "./visible-files";

/** Rounds of annotating what cannot be named: the second error of a declaration may show only after the first is gone. */
const ROUNDS = 4;

const PRACTICE = `import { basename } from "path";
interface Shape { height: number; width: number }
const shapes: Shape[] = [1, 2].map((n) => ({ height: n, width: n + 1 }));
class Counter { count = 0; add() { return ++this.count; } }
function area({ height, width }: Shape) { return height * width; }
const [first, ...others] = shapes;
shapes.map(area).reduce((a, b) => a + b, 0)`;

/**
 * Type-checks cells and makes JavaScript of them, by tslab's converter (a private part of tslab 1.0.22), and knows what the
 * cells so far declared.
 */
export class CellCompiler {
  /** The prelude's names. */
  readonly names: readonly string[];
  readonly isCompleteCode: typeof TslabConverter.isCompleteCode;
  readonly createConverter: typeof TslabConverter.createConverter;
  readonly converter: TslabConverter.Converter;
  private readonly compiler: Compiler;
  private readonly cell = new CellText();
  /** Of what ran, as `.d.ts`, the prelude not included. */
  private declarations = "";
  /** The names declared there: they hide those of the prelude. */
  private declared: ReadonlySet<string> = new Set();

  constructor(
    private readonly prelude: PreludePackage,
    cwd: string,
  ) {
    let names: readonly string[] = [];
    this.compiler = loadTypeScript({
      prelude,
      cwd,
      cell: this.cell,
      declarations: (ts) => {
        names = prelude.rolledUp?.names ?? exportedNames(ts, prelude.types);
        if (names.length === 0) throw new Error(`package ${prelude.name}: ${prelude.types} exports nothing`);
        return preludeImport(prelude.name, names);
      },
    });
    this.names = names;
    // Loaded late: it must see the compiler as loadTypeScript changed it.
    const { createConverter, isCompleteCode } = require("tslab/dist/converter") as typeof TslabConverter;
    this.createConverter = createConverter;
    this.isCompleteCode = isCompleteCode;
    this.converter = createConverter();
  }

  get ts(): typeof TypeScript {
    return this.compiler.ts;
  }

  /** Does once what the first cell would wait for, and keeps the compiler's code for the next start. */
  warmUp(): void {
    this.convertText("0");
  }

  /** Compiles what cells are made of, so that V8 knows the ways through the compiler; to be called while nobody waits. */
  practise(): void {
    this.convertText(PRACTICE);
  }

  saveCode(): void {
    this.compiler.saveCode();
  }

  /**
   * JavaScript of the cell, with the kernel's guards; errors at the places of what was written.
   * @param run number of the run that the guards name.
   */
  compile(source: string, run: number): TslabConverter.ConvertResult {
    const spelled = this.convert(spellShorthand(this.ts, source));
    const result = spelled.diagnostics.length > 0 ? this.convert(source) : spelled;
    const { output, sideOutputs } = result;
    const hasToplevelAwait =
      result.hasToplevelAwait || (output !== undefined && skipsCheck(source) && awaitsAtTopLevel(this.ts, output));
    return {
      ...result,
      hasToplevelAwait,
      output: output === undefined ? undefined : guardLoops(this.ts, withoutReset(output), run),
      // What a local file's functions belong to, they learn when they are called.
      sideOutputs: sideOutputs?.map(({ path, data }) => ({ path, data: guardLoops(this.ts, data, 0) })),
    };
  }

  /** Later cells know what the cell declared. */
  keep(result: TslabConverter.ConvertResult): void {
    this.declarations = withoutImportOf(this.ts, result.declOutput ?? "", this.prelude.name, new Set(this.names));
    this.declared = declaredNames(this.ts, this.declarations);
  }

  /** The same for a cell that ended early: what its statements declared that ran. */
  keepWhatRan(source: string, result: TslabConverter.ConvertResult, ran: ReadonlySet<string>): void {
    const { declOutput, output } = result;
    if (declOutput === undefined || output === undefined) return;
    const text = keptDeclarations(this.ts, declOutput, declaredNames(this.ts, source), output, ran);
    if (text === "") return;
    const merged = this.convertText(text);
    if (merged.diagnostics.length === 0) this.keep(merged);
  }

  complete(source: string, position: number): TslabConverter.CompletionInfo {
    return this.converter.complete(this.previous(), source, position);
  }

  inspect(source: string, position: number): TypeScript.QuickInfo | undefined {
    return this.converter.inspect(this.previous(), source, position);
  }

  private convert(source: string): TslabConverter.ConvertResult {
    let result = this.convertText(source);
    let text = source;
    for (let round = 0; round < ROUNDS && result.diagnostics.length > 0; round++) {
      const annotated = annotateUnnameable(this.ts, text, result.diagnostics);
      if (annotated === undefined) break;
      text = annotated;
      result = this.convertText(text);
    }
    return result;
  }

  /**
   * What stands before the cell: what earlier cells declared, and the prelude's names, or those of them that occur in
   * the cell; tslab goes through all of them each time.
   */
  private previous(source?: string): string {
    const { names, declarations, declared, prelude } = this;
    const words = source === undefined ? undefined : new Set(`${source}\n${declarations}`.match(/[\p{L}\p{N}_$]+/gu));
    const used = names.filter((name) => !declared.has(name) && (words === undefined || words.has(name)));
    return preludeImport(prelude.name, used) + declarations;
  }

  private convertText(source: string): TslabConverter.ConvertResult {
    this.cell.expect(source, declaredNames(this.ts, source));
    const { warn } = console;
    // tslab wonders that nothing is left to do the second time, see CellText.
    console.warn = (...all: unknown[]) => {
      if (!String(all[0]).startsWith("builder is not recreated")) warn.apply(console, all);
    };
    try {
      return this.converter.convert(this.previous(source), source);
    } finally {
      console.warn = warn;
    }
  }
}
