import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { readCompilerSettings } from "../../kernel/language/compiler-options";
import { readPackage } from "../../kernel/language/package";
import { Workspace } from "../../kernel/language/workspace";
import { packageRoot } from "../../src/core/package-root";

/** Every global, its type's members, and the exports of every ambient module: what a cell can name. */
function declared(program: ts.Program, file: string): Map<string, string> {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file)!;
  const found = new Map<string, string>();
  const all = ts.SymbolFlags.Value | ts.SymbolFlags.Type | ts.SymbolFlags.Namespace;
  for (const symbol of checker.getSymbolsInScope(source, all)) {
    const types: string[] = [];
    if (symbol.flags & ts.SymbolFlags.Type) types.push(...namesOf(checker.getDeclaredTypeOfSymbol(symbol)));
    types.push("|");
    if (symbol.flags & ts.SymbolFlags.Value) types.push(...namesOf(checker.getTypeOfSymbol(symbol)));
    found.set(symbol.name, types.join(" "));
  }
  for (const module of checker.getAmbientModules()) {
    const names = checker.getExportsOfModule(module).map(({ name }) => name);
    found.set(module.name, names.sort().join(" "));
  }
  return found;
}

function namesOf(type: ts.Type): string[] {
  const signatures = [...type.getCallSignatures(), ...type.getConstructSignatures()].length;
  return [...type.getProperties().map(({ name }) => name.replace(/^(__@\w+)@\d+$/, "$1")), `(${signatures})`].sort();
}

describe("rolled-up declarations", () => {
  it.each([
    ["without a configuration", undefined],
    ["with older libraries of a configuration", { lib: ["ES2019", "DOM"], types: [] }],
    ["with libraries older than those that Node's types name", { lib: ["ES2017"] }],
  ])("declare what the files declare one by one, %s", (_, compilerOptions) => {
    const folder = mkdtempSync(join(tmpdir(), "rolled-"));
    if (compilerOptions) writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    const cell = join(folder, "__cell__.ts");
    writeFileSync(cell, "export {};");
    const { options } = readCompilerSettings(ts, folder);
    const plain = ts.createProgram([cell], options);
    const workspace = new Workspace(ts, readPackage(packageRoot()), folder);
    const rolled = workspace.program();
    const found = declared(rolled, cell);
    if (!compilerOptions?.lib.includes("DOM")) {
      // Node's types lack them.
      const lacking = ["WebAssembly", "Crypto", "CryptoKey", "SubtleCrypto", "Performance"];
      for (const name of lacking) expect(found.delete(name), name).toBe(true);
      for (const whole of ["global", "globalThis"]) {
        const members = found.get(whole)!.split(" ");
        found.set(whole, members.filter((member) => !lacking.includes(member)).join(" "));
      }
    }
    expect(found).toEqual(declared(plain, cell));
    expect(rolled.getSourceFiles().length).toBeLessThan(plain.getSourceFiles().length / 2);
  });

  it("know every global of Node, WebAssembly too", () => {
    const folder = mkdtempSync(join(tmpdir(), "rolled-"));
    const workspace = new Workspace(ts, readPackage(packageRoot()), folder);
    const names = Object.getOwnPropertyNames(globalThis).filter((name) => /^[A-Za-z]/.test(name));
    const use = `const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
const { exports }: WebAssembly.Instance = new WebAssembly.Instance(new WebAssembly.Module(bytes), {});
const made: Promise<WebAssembly.WebAssemblyInstantiatedSource> = WebAssembly.instantiate(bytes, {});`;
    workspace.setCell(`${use}\nexport const all = [${names.map((name) => `typeof ${name}`).join(", ")}];`);
    const program = workspace.program();
    const problems = program.getSemanticDiagnostics(program.getSourceFile(workspace.cellFile));
    expect(problems.map(({ messageText }) => messageText)).toEqual([]);
  });

  it("tell where each of their places was written", () => {
    const folder = mkdtempSync(join(tmpdir(), "rolled-"));
    const workspace = new Workspace(ts, readPackage(packageRoot()), folder);
    workspace.setCell('import { readFileSync } from "node:fs";\nreadFileSync; "".padStart; fetch;');
    const { languageService, cellFile } = workspace;
    const text = 'import { readFileSync } from "node:fs";\nreadFileSync; "".padStart; fetch;';
    const wordsOf = (word: string): string | undefined => {
      const [definition] = languageService.getDefinitionAtPosition(cellFile, text.lastIndexOf(word) + 1)!;
      const { fileName, contextSpan, textSpan } = definition!;
      return workspace.documentationAt(fileName, (contextSpan ?? textSpan).start);
    };
    expect(wordsOf("readFileSync")).toContain("Returns the contents of the `path`.");
    expect(wordsOf("padStart")).toContain("Pads the current string with a given string");
  });
});
