import type * as TypeScript from "typescript";
import { type CellScript, toCellScript } from "./cell-script";
import { type Completeness, judgeCode } from "./completeness";
import { type Completion, completionsAt } from "./completion";
import { type CellOutline, outlineOf } from "./declared-names";
import { type Diagnostic, toDiagnostic } from "./diagnostic";
import { exportedNames } from "./exported-names";
import type { PreludePackage } from "./package";
import { describeCall, describeInfo } from "./quick-info";
import { type Declared, SessionNames } from "./session-names";
import { type Compiler, loadTypeScript } from "./typescript";
import { Workspace } from "./workspace";

const SKIPS_CHECK = /^(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*\/\/\/?\s*@ts-nocheck\b/;
/** Code of an error of ours: the compiler itself gave up. */
const TOO_DEEP = 9001;

const PRACTICE = [
  "class Counter { count = 0; add() { return ++this.count; } }",
  `interface Shape { height: number; width: number }
const shapes: Shape[] = [1, 2].map((n) => ({ height: n, width: n + 1 }));
function area({ height, width }: Shape) { return height * width; }
const [first, ...others] = shapes;
let total = 0; for (const shape of shapes) total += area(shape);
shapes.map(area).reduce((a, b) => a + b, 0)`,
  'import { basename } from "path";\nawait Promise.resolve(basename("a/b"))',
];

/** A cell with type errors, or its script. */
export type CompiledCell =
  | { readonly diagnostics: readonly Diagnostic[]; readonly script?: undefined }
  | {
      readonly diagnostics: readonly [];
      readonly script: CellScript;
      /** From the script to the cell below one line of ours. */
      readonly sourceMap: string;
    };

/** Undefined when it declares nothing. */
type Declares = { readonly declared?: Declared };

/** Type-checks cells and makes scripts of them; knows what the cells so far declared. */
export class CellCompiler {
  readonly ts: typeof TypeScript;
  readonly options: TypeScript.CompilerOptions;
  private readonly compiler: Compiler;
  private readonly workspace: Workspace;
  private readonly session: SessionNames;
  private cells = 0;
  /** What the cell that was compiled last declares is not yet written down. */
  private undeclared: { readonly id: number; readonly outline: CellOutline } | undefined;

  constructor(
    private readonly prelude: PreludePackage,
    cwd: string,
  ) {
    this.compiler = loadTypeScript();
    this.ts = this.compiler.ts;
    const names = prelude.rolledUp?.names ?? exportedNames(this.ts, prelude.types);
    if (names.length === 0) throw new Error(`package ${prelude.name}: ${prelude.types} exports nothing`);
    this.workspace = new Workspace(this.ts, prelude, cwd);
    this.options = this.workspace.options;
    this.session = new SessionNames(prelude.name, new Set(names));
  }

  /** Does once what the first cell would wait for, but for the prelude's types: they are half of the work. */
  warmUp(): void {
    this.see("0", outlineOf(this.ts, "0"));
    this.workspace.program().getSemanticDiagnostics(this.cellSource());
  }

  /** Compiles what cells are made of, so that V8 knows the ways through the compiler; each step while nobody waits. */
  *practise(): Generator<void, void> {
    for (const cell of PRACTICE) {
      this.compile(cell, 0);
      yield;
      this.writeDeclarations();
      yield;
    }
    const [name] = this.session.offered().keys();
    this.inspect(name!, 0);
  }

  /**
   * Looks into the packages whose types the prelude holds: who asks for the first member of one would wait for all of them.
   * A step may take most of a second.
   */
  *browse(): Generator<void, void> {
    for (const name of Object.values(this.prelude.rolledUp?.packages ?? {})) {
      const [member] = this.complete(`${name}.`, name.length + 1, []).matches;
      yield;
      this.inspect(`${name}.${member}`, name.length + 2);
      yield;
    }
  }

  saveCode(): void {
    this.compiler.saveCode();
  }

  /** A module that cells import by `./name`, though no file of that name exists. */
  setVirtualFile(path: string, text: string): void {
    this.workspace.setVirtualFile(path, text);
  }

  /**
   * JavaScript of the cell, with the kernel's guards; errors at the places of what was written.
   * @param run number of the run that the guards name.
   */
  compile(source: string, run: number): CompiledCell & Declares {
    try {
      return this.compileText(source, run);
    } catch (error) {
      this.restart();
      // The compiler goes down into code as deep as that is nested.
      if (!(error instanceof RangeError)) throw error;
      const place = { offset: 0, line: 0, character: 0 };
      const messageText = "The cell is nested too deeply for the compiler; split the expression up.";
      return { diagnostics: [{ start: place, end: place, code: TOO_DEEP, messageText }] };
    }
  }

  /** After an error inside the compiler: its state may be broken. */
  restart(): void {
    this.workspace.restart();
  }

  /** The local file that a specifier without a path means by the `paths` of the user's configuration. */
  localFile(specifier: string, from: string): string | undefined {
    const { ts, options } = this;
    const file = ts.resolveModuleName(specifier, from, options, ts.sys).resolvedModule?.resolvedFileName;
    return file === undefined || /\.d\.[cm]?ts$|\/node_modules\//.test(file) ? undefined : file;
  }

  /** Later cells know what the cell declared, as far as it ran: up to this mark of its script. */
  keep(declared: Declared, at: number): void {
    this.session.keep(declared, at);
  }

  /** @param running what cells declare that have not ended: the code will be run after them. */
  complete(source: string, position: number, running: readonly Declared[]): Completion {
    const session = this.session.foreseen(running);
    const shift = this.see(source, outlineOf(this.ts, source), session);
    return completionsAt(this.workspace, source, position, shift, session.offered());
  }

  /**
   * Type and documentation of what stands at the position, or of the call around it; undefined when there is nothing.
   * @param running what cells declare that have not ended.
   */
  inspect(source: string, position: number, running: readonly Declared[] = []): string | undefined {
    const { workspace, ts } = this;
    const { languageService, cellFile } = workspace;
    const shift = this.see(source, outlineOf(ts, source), this.session.foreseen(running));
    const at = Math.max(0, Math.min(position, source.length)) + shift;
    // At the end of a word, as after it was typed.
    for (const place of [at, at - 1]) {
      const info = place >= shift ? languageService.getQuickInfoAtPosition(cellFile, place) : undefined;
      if (!info) continue;
      const [definition] = languageService.getDefinitionAtPosition(cellFile, place) ?? [];
      const start = definition && (definition.contextSpan ?? definition.textSpan).start;
      const words = definition && workspace.documentationAt(definition.fileName, start!);
      return describeInfo(info, words);
    }
    const help = languageService.getSignatureHelpItems(cellFile, at, undefined);
    return help ? describeCall(help) : undefined;
  }

  isComplete(source: string): Completeness {
    return judgeCode(this.ts, source);
  }

  /** Shows the compiler the cell below what it may mean by its words; returns the length of what stands above. */
  private see(source: string, outline: CellOutline, session = this.session): number {
    this.writeDeclarations();
    const header = `${session.header(outline)}\n`;
    const footer = [...outline.values.keys(), ...outline.types].filter((name) => !outline.exported.has(name));
    this.workspace.setCell(`${header}${source}\nexport { ${[...new Set(footer)].join(", ")} };\n`);
    return header.length;
  }

  private cellSource(): TypeScript.SourceFile {
    return this.workspace.program().getSourceFile(this.workspace.cellFile)!;
  }

  private compileText(source: string, run: number): CompiledCell & Declares {
    const { ts, workspace, session } = this;
    const outline = outlineOf(ts, source);
    const shift = this.see(source, outline);
    const program = workspace.program();
    const file = program.getSourceFile(workspace.cellFile)!;
    const unchecked = SKIPS_CHECK.test(source);
    const diagnostics = this.problems(program, file, source, shift, unchecked);
    if (diagnostics.length > 0) return { diagnostics };

    const id = ++this.cells;
    const checker = program.getTypeChecker();
    const numeric = unchecked ? new Set<string>() : this.numericNames(checker, file, outline);
    let code = "";
    let sourceMap = "";
    program.emit(file, (path, text) => {
      if (path.endsWith(".map")) sourceMap = text;
      else code = text;
    });
    const plain = code.replace(/\n\/\/# sourceMappingURL=.*\s*$/, "\n");
    const valued = ts.isExpressionStatement(lastStatement(ts, source) ?? file);
    const script = toCellScript(ts, plain, outline, session, numeric, run, valued);
    const declares = outline.values.size + outline.types.size > 0 || outline.augments;
    if (!declares) return { diagnostics: [], script, sourceMap };
    this.undeclared = { id, outline };
    const declared = { cell: id, outline, numeric, marks: script.marks };
    return { diagnostics: [], script, sourceMap, declared };
  }

  /**
   * Writes down what the cell compiled last declares, with all types: later cells need not infer them again. To be called
   * when the cell may run already; whatever is compiled next does it otherwise.
   */
  writeDeclarations(): void {
    const { undeclared, workspace } = this;
    if (undeclared === undefined) return;
    this.undeclared = undefined;
    const { id, outline } = undeclared;
    try {
      workspace.keepCell(id, this.declarations());
    } catch {
      // Types nested deeper than the compiler can go.
      workspace.restart();
      workspace.keepCell(id, untyped(outline));
    }
  }

  private declarations(): string {
    const { languageService, cellFile } = this.workspace;
    // Forced: a type that has no name is unknown to later cells, no error of this one.
    const { outputFiles } = languageService.getEmitOutput(cellFile, true, true);
    return outputFiles.find(({ name }) => name.endsWith(".d.ts"))?.text ?? "export {};";
  }

  private problems(
    program: TypeScript.Program,
    file: TypeScript.SourceFile,
    source: string,
    shift: number,
    unchecked: boolean,
  ): Diagnostic[] {
    const { ts, workspace } = this;
    const syntactic = program.getSyntacticDiagnostics(file);
    if (syntactic.length > 0) return this.syntaxErrors(source);
    if (unchecked) return [];
    const own = program.getSemanticDiagnostics(file).map((problem) => toDiagnostic(ts, problem, source, shift));
    if (own.length > 0 || !/\b(?:import|require|from)\b/.test(source)) return own;
    const local = program.getSourceFiles().filter((one) => workspace.isLocal(one.fileName) && !one.isDeclarationFile);
    return local.flatMap((one) => {
      const found = [...program.getSyntacticDiagnostics(one), ...program.getSemanticDiagnostics(one)];
      const name = workspace.shortName(one.fileName);
      return found.map((problem) => toDiagnostic(ts, problem, one.text, 0, name));
    });
  }

  /** Of the cell alone: nothing that stands around it is part of them. */
  private syntaxErrors(source: string): Diagnostic[] {
    const { ts } = this;
    const { diagnostics } = ts.transpileModule(source, {
      fileName: "cell.ts",
      reportDiagnostics: true,
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    return (diagnostics ?? []).map((problem) => toDiagnostic(ts, problem, source, 0));
  }

  /** Names of the cell's variables that are numbers by their types. */
  private numericNames(
    checker: TypeScript.TypeChecker,
    file: TypeScript.SourceFile,
    { values }: CellOutline,
  ): ReadonlySet<string> {
    const { ts } = this;
    const numeric = new Set<string>();
    const module = checker.getSymbolAtLocation(file);
    for (const symbol of module ? checker.getExportsOfModule(module) : []) {
      const kind = values.get(symbol.name);
      if (kind !== "let" && kind !== "var") continue;
      const variable = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      if (checker.getTypeOfSymbol(variable).flags & ts.TypeFlags.NumberLike) numeric.add(symbol.name);
    }
    return numeric;
  }
}

function untyped({ values, types }: CellOutline): string {
  const lines = [...values.keys()].map((name) => `export declare let ${name}: any;`);
  return [...lines, ...[...types].map((name) => `export type ${name} = any;`), "export {};"].join("\n");
}

function lastStatement(ts: typeof TypeScript, source: string): TypeScript.Statement | undefined {
  const { statements } = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest, false, ts.ScriptKind.TS);
  return [...statements].reverse().find((statement) => !ts.isEmptyStatement(statement));
}
