import { dirname, join } from "node:path";
import type * as TypeScript from "typescript";
import { withoutDocumentation } from "./documentation";

/** Node's types, whose first file does nothing but name some sixty others. */
const NODE_TYPES = /\/node_modules\/@types\/node\/(?:ts\d[\d.]*\/)?index\.d\.ts$/;
/** Of a file that declares nothing for all. */
const MODULE = /^(?:export|import)\b/m;
const REFERENCE = /^[ \t]*\/\/\/[ \t]*<reference\b.*$/gm;

/** Node has them too, but only the declarations for browsers and their workers do. */
const WEB_ASSEMBLY = /^declare namespace WebAssembly \{\n[\s\S]*?^\}\n/m;
const OF_NODE_TOO = `declare var Crypto: { prototype: import("crypto").webcrypto.Crypto };
declare var CryptoKey: { prototype: import("crypto").webcrypto.CryptoKey };
declare var SubtleCrypto: { prototype: import("crypto").webcrypto.SubtleCrypto };
declare var Performance: { prototype: import("perf_hooks").Performance };
declare namespace WebAssembly { type BufferSource = ArrayBufferView | ArrayBuffer }
`;

/** Where a part of a rolled-up text comes from. */
interface Part {
  readonly path: string;
  readonly start: number;
}

/**
 * The language's and Node's declarations, each as one file: a program of a cell is made of a dozen files instead of
 * nearly two hundred, which the compiler walks through again whenever a cell imports something else than the last one.
 *
 * What was rolled up into another file reads as empty.
 */
export class RolledDeclarations {
  private readonly texts = new Map<string, string>();
  private readonly parts = new Map<string, readonly Part[]>();
  /** Where the language's declarations lie. */
  readonly libraryFolder: string;

  constructor(
    private readonly ts: typeof TypeScript,
    options: TypeScript.CompilerOptions,
  ) {
    const library = ts.getDefaultLibFilePath(options).replaceAll("\\", "/");
    this.libraryFolder = dirname(library);
    const entries = options.lib?.map((name) => join(this.libraryFolder, name)) ?? [library];
    this.rollUp(entries);
  }

  /** The text of a file that is rolled up, or was rolled up into another; undefined of any other. */
  textOf(path: string): string | undefined {
    const text = this.texts.get(path);
    if (text !== undefined || !NODE_TYPES.test(path)) return text;
    this.rollUp([path]);
    this.texts.set(path, this.texts.get(path)! + this.missingGlobals());
    return this.texts.get(path);
  }

  /** Where a place of a rolled-up file was written. */
  origin(path: string, position: number): { readonly path: string; readonly position: number } {
    const part = this.parts
      .get(path)
      ?.filter(({ start }) => start <= position)
      .at(-1);
    return part ? { path: part.path, position: position - part.start } : { path, position };
  }

  /** Globals that Node has and its types lack. */
  private missingGlobals(): string {
    const ofWorkers = join(this.libraryFolder, "lib.webworker.d.ts");
    if (this.texts.has(ofWorkers) || this.texts.has(join(this.libraryFolder, "lib.dom.d.ts"))) return "";
    const text = withoutDocumentation(ofWorkers, this.ts.sys.readFile(ofWorkers) ?? "");
    return OF_NODE_TOO + (WEB_ASSEMBLY.exec(text)?.[0] ?? "");
  }

  /** All that the entries refer to, what is referred to first; into the first entry. */
  private rollUp(entries: readonly string[]): void {
    const { ts, libraryFolder } = this;
    const scripts = new Map<string, string>();
    const head = new Set<string>();
    const visited = new Set<string>();
    const visit = (path: string): void => {
      if (visited.has(path)) return;
      visited.add(path);
      const text = ts.sys.readFile(path);
      if (text === undefined) return;
      // A module's declarations are its own: it stays a file.
      if (MODULE.test(text)) {
        head.add(`/// <reference path=${JSON.stringify(path)} />`);
        return;
      }
      const refers = ts.preProcessFile(text, false);
      for (const { fileName } of refers.libReferenceDirectives) {
        const library = join(libraryFolder, `lib.${fileName.toLowerCase()}.d.ts`);
        if (dirname(path) === libraryFolder) visit(library);
        else if (!this.texts.has(library)) head.add(`/// <reference lib=${JSON.stringify(fileName)} />`);
      }
      for (const { fileName } of refers.typeReferenceDirectives) {
        head.add(`/// <reference types=${JSON.stringify(fileName)} />`);
      }
      for (const { fileName } of refers.referencedFiles) visit(join(dirname(path), fileName));
      if (refers.isLibFile) head.add('/// <reference no-default-lib="true" />');
      scripts.set(path, withoutDocumentation(path, text));
    };
    for (const entry of entries) visit(entry);

    const parts: Part[] = [];
    let whole = [...head, ""].join("\n");
    for (const [path, text] of scripts) {
      parts.push({ path, start: whole.length });
      whole += `${text.replace(REFERENCE, (line) => " ".repeat(line.length))}\n`;
      this.texts.set(path, "");
    }
    const [first] = entries;
    this.texts.set(first!, whole);
    this.parts.set(first!, parts);
  }
}
