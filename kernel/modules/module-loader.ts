import { readFileSync } from "node:fs";
import Module, { createRequire, isBuiltin } from "node:module";
import { dirname, sep } from "node:path";
import { pathToFileURL } from "node:url";
import vm from "node:vm";
import type { FileForm, FileScript } from "../language/file-script";
import type { EditedText } from "../language/text-edits";
import { fileStamp, findLocalFile, isFile, kindOf, namesFile } from "./local-files";
import { asNamespace, isPromise, type Namespace, then } from "./namespaces";

/** What `System.register` gets: TypeScript's own form of ES modules with live bindings and top-level await. */
interface Registered {
  readonly dependencies: readonly string[];
  readonly setters: readonly ((namespace: Namespace) => void)[];
  readonly execute: () => unknown;
}

/** A local file that was loaded as an ES module. */
interface LoadedFile {
  readonly path: string;
  readonly stamp: string;
  readonly namespace: Namespace;
  readonly listeners: Set<(namespace: Namespace) => void>;
  /** Local files that it imports. */
  readonly imports: Set<string>;
  registered?: Registered;
  /** Undefined before its code ran. */
  evaluation?: { readonly done: void | Promise<void> };
}

export interface LoaderSettings {
  /** JavaScript of a local file. */
  readonly translate: (path: string, text: string, form: FileForm) => FileScript;
  /** The local file that a specifier without a path means by the user's configuration. */
  readonly localFile: (specifier: string, from: string) => string | undefined;
  /** Told of the compiled code of each file, and of the map from that to its source, for tracebacks. */
  readonly compiled: (path: string, code: EditedText, sourceMap: string) => void;
}

/**
 * Loads what cells import, as a current Node and TypeScript project would: local files by themselves, so that an edit of
 * any of them is seen by the next import, packages and Node's modules by Node.
 */
export class ModuleLoader {
  private readonly files = new Map<string, LoadedFile>();
  /** Local CommonJS files and when they were last changed. */
  private readonly commonJs = new Map<string, string>();
  /** Files that exist in this process only. */
  private readonly virtual = new Map<string, string>();

  constructor(private readonly settings: LoaderSettings) {
    const extensions = (
      Module as unknown as { _extensions: Record<string, (module: NodeModule, path: string) => void> }
    )._extensions;
    for (const extension of [".ts", ".tsx", ".mts", ".cts"]) {
      extensions[extension] ??= (module, path) => this.requireTypeScript(module, path);
    }
  }

  setVirtualFile(path: string, text: string): void {
    this.virtual.set(path, text);
  }

  /** Forgets local files that were changed since, and those that import them; to be called before a cell runs. */
  refresh(): void {
    const stale = new Set<string>();
    for (const { path, stamp } of this.files.values()) if (this.stampOf(path) !== stamp) stale.add(path);
    this.noteCommonJs();
    for (const [path, stamp] of this.commonJs) if (fileStamp(path) !== stamp) stale.add(path);
    for (let before = -1; stale.size > 0 && before < stale.size; ) {
      before = stale.size;
      for (const { path, imports } of this.files.values())
        if ([...imports].some((one) => stale.has(one))) stale.add(path);
      for (const path of this.commonJs.keys()) {
        if (require.cache[path]?.children.some(({ filename }) => stale.has(filename))) stale.add(path);
      }
    }
    for (const path of stale) {
      this.files.delete(path);
      this.commonJs.delete(path);
      delete require.cache[path];
    }
  }

  /**
   * The module as `import * as` sees it; at once unless something in it awaits.
   * @param from the file that imports it.
   * @param listener called whenever the module changes what it exports, where that can be known.
   */
  load(
    specifier: string,
    from: string,
    listener?: (namespace: Namespace) => void,
    importers: readonly LoadedFile[] = [],
  ): Namespace | Promise<Namespace> {
    const path = this.localFile(specifier, from);
    if (path === undefined) return this.loadPackage(specifier, from);
    importers.at(-1)?.imports.add(path);
    const kind = kindOf(path, this.textOf(path));
    if (kind === "json") return jsonNamespace(this.textOf(path));
    if (kind !== "es") {
      this.commonJs.set(path, fileStamp(path));
      return asNamespace(createRequire(from)(path));
    }
    const file = this.fileAt(path);
    if (listener) file.listeners.add(listener);
    return then(this.evaluate(file, importers), () => file.namespace);
  }

  /** Node's `require` as seen from a file; local files that it loads are watched too. */
  requireFrom(from: string): NodeJS.Require {
    const original = createRequire(from);
    const required = (specifier: string): unknown => {
      // As TypeScript means it: `./a.cjs` may be a.cts.
      const local = namesFile(specifier) ? this.findFile(specifier, from) : undefined;
      if (local !== undefined && this.virtual.has(local)) return this.required(local);
      const exported = original(local ?? specifier);
      const path = local ?? (isBuiltin(specifier) ? undefined : original.resolve(specifier));
      if (path !== undefined && isLocalFile(path) && !this.files.has(path)) this.commonJs.set(path, fileStamp(path));
      return exported;
    };
    return Object.assign(required, {
      resolve: original.resolve,
      cache: original.cache,
      extensions: original.extensions,
      main: original.main,
    });
  }

  private textOf(path: string): string {
    return this.virtual.get(path) ?? readFileSync(path, "utf8");
  }

  private stampOf(path: string): string {
    return this.virtual.get(path) ?? fileStamp(path);
  }

  /** Undefined for what Node shall find. */
  private localFile(specifier: string, from: string): string | undefined {
    if (!namesFile(specifier)) return isBuiltin(specifier) ? undefined : this.settings.localFile(specifier, from);
    const found = this.findFile(specifier, from);
    if (found !== undefined) return found;
    throw Object.assign(new Error(`Cannot find module '${specifier}' imported from ${dirname(from)}`), {
      code: "ERR_MODULE_NOT_FOUND",
    });
  }

  private findFile(specifier: string, from: string): string | undefined {
    const exists = (path: string): boolean => this.virtual.has(path) || isFile(path);
    return findLocalFile(specifier, dirname(from), exists);
  }

  private loadPackage(specifier: string, from: string): Namespace | Promise<Namespace> {
    if (/^(?:data|https?):/.test(specifier)) return import(specifier);
    const requireHere = createRequire(from);
    try {
      return asNamespace(requireHere(specifier));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_REQUIRE_ASYNC_MODULE") throw error;
      return import(pathToFileURL(requireHere.resolve(specifier)).href);
    }
  }

  private fileAt(path: string): LoadedFile {
    const known = this.files.get(path);
    if (known) return known;
    const namespace: Namespace = Object.create(null);
    Object.defineProperty(namespace, Symbol.toStringTag, { value: "Module" });
    const file: LoadedFile = { path, stamp: this.stampOf(path), namespace, listeners: new Set(), imports: new Set() };
    this.files.set(path, file);
    try {
      file.registered = this.register(file);
    } catch (error) {
      this.files.delete(path);
      throw error;
    }
    return file;
  }

  private register(file: LoadedFile): Registered {
    const { path, namespace } = file;
    const { code, sourceMap } = this.settings.translate(path, this.textOf(path), "System");
    this.settings.compiled(path, code, sourceMap);
    const script = new vm.Script(`${code.text}\n})`, { filename: path });
    let found: Registered | undefined;
    const exported = (name: string | Namespace, value?: unknown): unknown => {
      if (typeof name === "string") namespace[name] = value;
      else Object.assign(namespace, name);
      for (const listener of file.listeners) listener(namespace);
      return value;
    };
    const context = {
      id: path,
      meta: importMeta(path),
      import: (specifier: string) =>
        Promise.resolve().then(() => this.load(String(specifier), path, undefined, [file])),
    };
    const System = {
      register: (
        dependencies: string[],
        declare: (exported: unknown, context: unknown) => Omit<Registered, "dependencies">,
      ): void => {
        found = { dependencies, ...declare(exported, context) };
      },
    };
    script.runInThisContext()(System, this.requireFrom(path), path, dirname(path));
    return found!;
  }

  private evaluate(file: LoadedFile, importers: readonly LoadedFile[]): void | Promise<void> {
    // In a circle: the importer goes on with what is there.
    if (importers.includes(file)) return undefined;
    if (file.evaluation) return file.evaluation.done;
    const fail = (error: unknown): never => {
      // The next import tries again.
      this.files.delete(file.path);
      throw error;
    };
    const run = (): void | Promise<void> => {
      const { dependencies, setters, execute } = file.registered!;
      const chain = [...importers, file];
      const next = (i: number): void | Promise<void> => {
        if (i === dependencies.length) return execute.call(undefined) as void | Promise<void>;
        const set = setters[i] ?? ((): void => {});
        return then(this.load(dependencies[i]!, file.path, set, chain), (namespace) => {
          set(namespace);
          return next(i + 1);
        });
      };
      return next(0);
    };
    file.evaluation = { done: undefined };
    try {
      const done = run();
      if (!isPromise(done)) return done;
      const settled = done.catch(fail);
      settled.catch(() => {});
      file.evaluation = { done: settled };
      return settled;
    } catch (error) {
      return fail(error);
    }
  }

  /** `require` of a TypeScript file: as CommonJS where it is written so, else the ES module, which must not await. */
  private requireTypeScript(module: NodeModule, path: string): void {
    const text = this.textOf(path);
    if (kindOf(path, text) === "commonjs") {
      const { code, sourceMap } = this.settings.translate(path, text, "CommonJS");
      this.settings.compiled(path, code, sourceMap);
      this.commonJs.set(path, fileStamp(path));
      module.require = this.requireFrom(path);
      (module as unknown as { _compile(code: string, path: string): void })._compile(code.text, path);
      return;
    }
    module.exports = this.required(path);
  }

  /** What `require` gives of a local ES module. */
  private required(path: string): Namespace {
    const file = this.fileAt(path);
    const done = this.evaluate(file, []);
    if (isPromise(done)) {
      throw Object.assign(new Error(`require() cannot load ${path}, which awaits at its top level; import it`), {
        code: "ERR_REQUIRE_ASYNC_MODULE",
      });
    }
    return file.namespace;
  }

  /** Local CommonJS files load others, which nobody told of. */
  private noteCommonJs(): void {
    for (const path of this.commonJs.keys()) {
      for (const { filename } of require.cache[path]?.children ?? []) {
        if (isLocalFile(filename) && !this.commonJs.has(filename)) {
          this.commonJs.set(filename, fileStamp(filename));
        }
      }
    }
  }
}

function isLocalFile(path: string): boolean {
  return !path.includes(`${sep}node_modules${sep}`) && isFile(path);
}

/** `import.meta` of a file. */
export function importMeta(path: string): object {
  const { href } = pathToFileURL(path);
  return {
    url: href,
    filename: path,
    dirname: dirname(path),
    resolve: (specifier: string) => {
      if (namesFile(specifier)) return new URL(specifier, href).href;
      if (isBuiltin(specifier)) return specifier.startsWith("node:") ? specifier : `node:${specifier}`;
      return pathToFileURL(createRequire(path).resolve(specifier)).href;
    },
  };
}

function jsonNamespace(text: string): Namespace {
  const data = JSON.parse(text.replace(/^\uFEFF/, ""));
  return data !== null && typeof data === "object" && !Array.isArray(data)
    ? { ...data, default: data }
    : { default: data };
}
