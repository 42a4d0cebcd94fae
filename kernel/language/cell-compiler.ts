import type * as TypeScript from "@tslab/typescript-for-tslab";
import type * as TslabConverter from "tslab/dist/converter";
import { type Compiler, loadTypeScript } from "./compiler-host";
import { exportedNames } from "./exported-names";
import { declaredNames, keptDeclarations, withoutReset } from "./kept-declarations";
import { awaitsAtTopLevel, guardLoops } from "./loop-guard";
import type { PreludePackage } from "./package";
import { preludeImport } from "./prelude";
import { spellShorthand } from "./shorthand";
import { annotateUnnameable } from "./unnameable-types";
import { skipsCheck } from "./visible-files";

/** Rounds of annotating what cannot be named: the second error of a declaration may show only after the first is gone. */
const ROUNDS = 4;

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
  /** Of what ran, as `.d.ts`. */
  private declarations = "";

  constructor(prelude: PreludePackage, cwd: string) {
    let names: readonly string[] = [];
    this.compiler = loadTypeScript({
      prelude,
      cwd,
      declarations: (ts) => {
        names = prelude.rolledUp?.names ?? exportedNames(ts, prelude.types);
        if (names.length === 0) throw new Error(`package ${prelude.name}: ${prelude.types} exports nothing`);
        return preludeImport(prelude.name, names);
      },
    });
    this.names = names;
    this.declarations = preludeImport(prelude.name, names);
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
    this.converter.convert(this.declarations, "0");
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
    this.declarations = result.declOutput ?? "";
  }

  /** The same for a cell that ended early: what its statements declared that ran. */
  keepWhatRan(source: string, result: TslabConverter.ConvertResult, ran: ReadonlySet<string>): void {
    const { declOutput, output } = result;
    if (declOutput === undefined || output === undefined) return;
    const text = keptDeclarations(this.ts, declOutput, declaredNames(this.ts, source), output, ran);
    if (text === "") return;
    const merged = this.converter.convert(this.declarations, text);
    if (merged.diagnostics.length === 0) this.keep(merged);
  }

  complete(source: string, position: number): TslabConverter.CompletionInfo {
    return this.converter.complete(this.declarations, source, position);
  }

  inspect(source: string, position: number): TypeScript.QuickInfo | undefined {
    return this.converter.inspect(this.declarations, source, position);
  }

  private convert(source: string): TslabConverter.ConvertResult {
    let result = this.converter.convert(this.declarations, source);
    let text = source;
    for (let round = 0; round < ROUNDS && result.diagnostics.length > 0; round++) {
      const annotated = annotateUnnameable(this.ts, text, result.diagnostics);
      if (annotated === undefined) break;
      text = annotated;
      result = this.converter.convert(this.declarations, text);
    }
    return result;
  }
}
