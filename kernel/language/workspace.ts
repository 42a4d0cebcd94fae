import { readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join } from "node:path";
import type * as TypeScript from "typescript";
import { findPackageFolder } from "../../src/core/package-folder";
import { type CompilerSettings, readCompilerSettings } from "./compiler-options";
import { documentationAt, withoutDocumentation } from "./documentation";
import { type PreludePackage, packageNameOf } from "./package";
import { RolledDeclarations } from "./rolled-declarations";

/** How a cell's module is named by later cells: `./__cell_12`. */
const CELL_MODULE = /^\.\/__cell_\d+$/;

/**
 * The files of the notebook's compiler: the cell at hand, earlier cells, local files and packages, in one incremental
 * program. Only what the cell at hand imports is part of it, so that its size does not grow with the notebook.
 */
export class Workspace {
  readonly options: TypeScript.CompilerOptions;
  /** The cell at hand. */
  readonly cellFile: string;
  private service: TypeScript.LanguageService;
  private readonly settings: CompilerSettings;
  private readonly folder: string;
  private text = "export {};";
  private version = 0;
  /** Texts of earlier cells, and of files that exist in this process only, by path. */
  private readonly virtual = new Map<string, string>();
  private readonly snapshots = new Map<string, TypeScript.IScriptSnapshot>();
  private readonly resolutions: TypeScript.ModuleResolutionCache;
  /** What the compiler knows of the `package.json` of packages; kept from cell to cell. */
  private readonly packages: TypeScript.ModuleResolutionCache;
  /** Names that local files and cells import, and whether they were found. */
  private readonly imported = new Map<string, boolean>();
  /** Files whose imports were not all found: they may be by now. */
  private readonly wanting = new Set<string>();
  private looks = 0;
  private readonly rolled: RolledDeclarations;

  constructor(
    private readonly ts: typeof TypeScript,
    private readonly prelude: PreludePackage,
    private readonly cwd: string,
  ) {
    this.folder = cwd.replaceAll("\\", "/").replace(/\/$/, "");
    this.cellFile = `${this.folder}/__cell__.ts`;
    this.settings = readCompilerSettings(ts, cwd);
    this.options = this.settings.options;
    this.rolled = new RolledDeclarations(ts, this.options);
    this.resolutions = ts.createModuleResolutionCache(cwd, (name) => name, this.options);
    this.packages = ts.createModuleResolutionCache(cwd, (name) => name, this.options);
    for (const [name, member] of Object.entries(prelude.rolledUp?.packages ?? {})) {
      const text = `import { ${member} } from ${JSON.stringify(prelude.name)};\nexport = ${member};\n`;
      this.virtual.set(this.rolledUpFile(name), text);
    }
    for (const [name, file] of Object.entries(prelude.rolledUp?.ofNode ?? {})) {
      this.virtual.set(this.rolledUpFile(name), readFileSync(file, "utf8"));
    }
    this.service = this.createService();
  }

  /** The compiler sees this as the cell at hand from now on. */
  setCell(text: string): void {
    this.text = text;
    // What was not found, or was found elsewhere, is looked for anew.
    this.resolutions.clear();
    this.version += 1;
  }

  /** Later cells may import the declarations as `./__cell_<id>`. */
  keepCell(id: number, declarations: string): void {
    this.virtual.set(`${this.folder}/__cell_${id}.d.ts`, declarations);
  }

  /** A local module that is no file on disk. */
  setVirtualFile(path: string, text: string): void {
    this.virtual.set(path, text);
    this.snapshots.delete(path);
  }

  get languageService(): TypeScript.LanguageService {
    return this.service;
  }

  program(): TypeScript.Program {
    this.looks += 1;
    return this.service.getProgram()!;
  }

  /** After an error inside the compiler: its state may be broken. */
  restart(): void {
    this.setCell("export {};");
    this.packages.clear();
    this.service = this.createService();
  }

  /** The user's own file, neither a package's nor a cell. */
  isLocal(path: string): boolean {
    return (
      !path.includes("/node_modules/") && !this.isCell(path) && path !== this.typesOfPrelude && !this.isLibrary(path)
    );
  }

  /** Words above the declaration that starts at the position of a file of the program. */
  documentationAt(path: string, position: number): string | undefined {
    const origin = this.rolled.origin(path, position);
    return documentationAt(origin.path, origin.position);
  }

  /** As seen from the notebook. */
  shortName(path: string): string {
    return path.startsWith(`${this.folder}/`) ? path.slice(this.folder.length + 1) : path;
  }

  private get typesOfPrelude(): string {
    return (this.prelude.rolledUp?.types ?? this.prelude.types).replaceAll("\\", "/");
  }

  private isCell(path: string): boolean {
    return path === this.cellFile || (path.startsWith(`${this.folder}/__cell_`) && this.virtual.has(path));
  }

  private isLibrary(path: string): boolean {
    return path.startsWith(this.rolled.libraryFolder);
  }

  private rolledUpFile(name: string): string {
    return `${this.folder}/node_modules/${name}/__prelude__.d.ts`;
  }

  private createService(): TypeScript.LanguageService {
    const { ts, cwd, options } = this;
    const { sys } = ts;
    const fileExists = (path: string): boolean =>
      path === this.cellFile || this.virtual.has(path) || sys.fileExists(path);
    const readFile = (path: string): string | undefined => this.virtual.get(path) ?? sys.readFile(path);
    // The service hands the cache on to its programs, as a compiler's host does: else each looks at every package anew.
    const host: TypeScript.LanguageServiceHost & Pick<TypeScript.CompilerHost, "getModuleResolutionCache"> = {
      getCompilationSettings: () => options,
      getScriptFileNames: () => [...this.settings.declarations, this.cellFile],
      getScriptVersion: (path) => this.versionOf(path),
      getScriptSnapshot: (path) => this.snapshot(path),
      getCurrentDirectory: () => cwd,
      getDefaultLibFileName: (given) => ts.getDefaultLibFilePath(given),
      useCaseSensitiveFileNames: () => sys.useCaseSensitiveFileNames,
      fileExists,
      readFile,
      directoryExists: sys.directoryExists,
      getDirectories: sys.getDirectories,
      readDirectory: sys.readDirectory,
      realpath: (path) => (this.virtual.has(path) ? path : (sys.realpath?.(path) ?? path)),
      getModuleResolutionCache: () => this.packages,
      resolveModuleNameLiterals: (literals, from, redirected) =>
        literals.map(({ text }) => {
          // Types of Node's own modules are ambient: a package's files need no search on disk, in every cell anew.
          if (isBuiltin(text) && from.includes("/node_modules/")) return { resolvedModule: undefined };
          const resolvedModule = this.resolve(text, from, { ...sys, fileExists, readFile }, redirected);
          this.note(text, from, resolvedModule !== undefined);
          return { resolvedModule };
        }),
    };
    return ts.createLanguageService(host, ts.createDocumentRegistry(sys.useCaseSensitiveFileNames, cwd));
  }

  /** What was not found, or is imported for the first time, may belong to a package that was installed meanwhile. */
  private note(name: string, from: string, found: boolean): void {
    if (from.includes("/node_modules/") || CELL_MODULE.test(name)) return;
    if (!found && this.isLocal(from)) this.wanting.add(from);
    if (this.imported.get(name) !== true && !isBuiltin(name)) this.packages.clear();
    this.imported.set(name, found);
  }

  private resolve(
    name: string,
    from: string,
    host: TypeScript.ModuleResolutionHost,
    redirected: TypeScript.ResolvedProjectReference | undefined,
  ): TypeScript.ResolvedModuleFull | undefined {
    const { ts, options, prelude } = this;
    const { Dts } = ts.Extension;
    const found = (resolvedFileName: string, extension: string): TypeScript.ResolvedModuleFull => ({
      resolvedFileName,
      extension,
      isExternalLibraryImport: false,
    });
    if (CELL_MODULE.test(name) && this.isCell(from)) return found(`${this.folder}${name.slice(1)}.d.ts`, Dts);
    if (name === prelude.name) return found(this.typesOfPrelude, Dts);
    if (this.isRolledUp(name, from) || this.isOfOwnNode(name, from)) return found(this.rolledUpFile(name), Dts);
    const plain = ts.resolveModuleName(name, from, options, host, this.resolutions, redirected).resolvedModule;
    if (plain || name.startsWith(".") || from.includes("/node_modules/")) return plain;
    // What the prelude depends on may be named in a notebook, wherever that lies.
    const asPrelude = join(prelude.root, "cell.ts");
    const there = ts.resolveModuleName(name, asPrelude, options, host, this.resolutions).resolvedModule;
    const bundled = Object.hasOwn(prelude.bundled, name) ? prelude.bundled[name]!.replace(/\.js$/, ".d.ts") : undefined;
    if (there || bundled === undefined || !host.fileExists(bundled)) return there;
    return { ...found(bundled, Dts), isExternalLibraryImport: true };
  }

  /**
   * Packages whose types are part of the prelude's file: the same types twice would not fit each other, and take seconds to
   * read. A version that the user installed is left alone.
   */
  private isRolledUp(name: string, from: string): boolean {
    const { prelude, cwd } = this;
    if (!Object.hasOwn(prelude.rolledUp?.packages ?? {}, name) || from.includes("/node_modules/")) return false;
    const installed = findPackageFolder(packageNameOf(name), cwd);
    return installed === undefined || installed === findPackageFolder(packageNameOf(name), prelude.root);
  }

  /** What Node's types import, those that came with this package. */
  private isOfOwnNode(name: string, from: string): boolean {
    const { root, rolledUp } = this.prelude;
    if (!Object.hasOwn(rolledUp?.ofNode ?? {}, name) || !from.includes("/node_modules/@types/node/")) return false;
    return findPackageFolder(name, dirname(from)) === findPackageFolder(name, root);
  }

  private versionOf(path: string): string {
    if (path === this.cellFile) return String(this.version);
    if (!this.isLocal(path)) return "1";
    const virtual = this.virtual.get(path);
    if (virtual !== undefined) return virtual;
    // Another version is a file whose imports are looked for again.
    if (this.wanting.has(path)) return `look ${this.looks}`;
    const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
    return stat ? `${stat.mtimeNs} ${stat.size}` : "none";
  }

  private snapshot(path: string): TypeScript.IScriptSnapshot | undefined {
    const { ts } = this;
    if (path === this.cellFile) return ts.ScriptSnapshot.fromString(this.text);
    const known = this.snapshots.get(path);
    if (known) return known;
    const text = this.rolled.textOf(path) ?? this.virtual.get(path) ?? readIfThere(path);
    if (text === undefined) return undefined;
    if (this.isLocal(path)) return ts.ScriptSnapshot.fromString(text);
    const snapshot = ts.ScriptSnapshot.fromString(withoutDocumentation(path, text));
    this.snapshots.set(path, snapshot);
    return snapshot;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").replace(/^\uFEFF/, "");
  } catch {
    return undefined;
  }
}
