import { readFileSync } from "node:fs";
import Module, { createRequire, isBuiltin } from "node:module";
import { dirname, isAbsolute, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { types } from "node:util";
import type * as TypeScript from "@tslab/typescript-for-tslab";

/** Where the kernel puts what `import()` calls in cells. */
export const IMPORT_MODULE: unique symbol = Symbol.for("blockwise.import-module");

/** Rewrites `import(x)` to a call of the kernel, which takes CommonJS and ES modules of any kind. */
export function callImportModule(ts: typeof TypeScript): TypeScript.TransformerFactory<TypeScript.SourceFile> {
  const { factory } = ts;
  return (context) => {
    const visit = (node: TypeScript.Node): TypeScript.Node => {
      const visited = ts.visitEachChild(node, visit, context);
      if (!ts.isCallExpression(visited) || visited.expression.kind !== ts.SyntaxKind.ImportKeyword) return visited;
      const key = factory.createCallExpression(
        factory.createPropertyAccessExpression(factory.createIdentifier("Symbol"), "for"),
        undefined,
        [factory.createStringLiteral(IMPORT_MODULE.description!)],
      );
      const callee = factory.createElementAccessExpression(factory.createIdentifier("globalThis"), key);
      return factory.createCallExpression(callee, undefined, [visited.arguments[0]!, ownPath(ts)]);
    };
    return (source) => ts.visitEachChild(source, visit, context);
  };
}

/** `typeof __filename === "string" ? __filename : undefined`: a cell has no such name, a local file has. */
function ownPath({ factory }: typeof TypeScript): TypeScript.Expression {
  const name = (): TypeScript.Identifier => factory.createIdentifier("__filename");
  return factory.createConditionalExpression(
    factory.createStrictEquality(factory.createTypeOfExpression(name()), factory.createStringLiteral("string")),
    undefined,
    name(),
    undefined,
    factory.createIdentifier("undefined"),
  );
}

type Load = (request: string, parent: NodeModule | undefined, isMain: boolean) => unknown;

/**
 * Loads what cells import.
 *
 * Node can `require` an ES module since 20.19, but not one that awaits at its top level: such a module is imported before
 * the cell runs, and `require` finds it here.
 */
export class ModuleImporter {
  /** Namespaces of modules with a top-level await, by file. */
  private readonly awaited = new Map<string, unknown>();

  /** @param cwd the notebook's folder. */
  constructor(private readonly cwd: string) {
    const internals = Module as unknown as { _load: Load; _resolveFilename: (...all: unknown[]) => string };
    const load = internals._load;
    const { awaited } = this;
    internals._load = function (this: unknown, request, parent, isMain) {
      if (awaited.size > 0 && !isBuiltin(request)) {
        const namespace = awaited.get(tryTo(() => internals._resolveFilename(request, parent, isMain)) ?? "");
        if (namespace !== undefined) return namespace;
      }
      return load.call(this, request, parent, isMain);
    };
    const value = (specifier: unknown, from?: string) => this.dynamicImport(String(specifier), from);
    Object.defineProperty(globalThis, IMPORT_MODULE, { value, configurable: true });
  }

  /**
   * The modules that compiled code requires and that must be awaited first; undefined when there are none, as for nearly
   * every cell.
   * @param code CommonJS, of the file `from`.
   */
  awaitFirst(code: string, from: string = join(this.cwd, "cell.js")): Promise<void> | undefined {
    const files = [...code.matchAll(/\brequire\("([^"\n]+)"\)/g)].flatMap(([, specifier]) => {
      const file = isBuiltin(specifier!) ? undefined : tryTo(() => createRequire(from).resolve(specifier!));
      return file !== undefined && isEsModule(file) && !this.awaited.has(file) ? [file] : [];
    });
    const waiting = files.filter((file) => failsToBeRequired(file));
    if (waiting.length === 0) return undefined;
    return (async () => {
      for (const file of waiting) this.awaited.set(file, asRequired(await import(pathToFileURL(file).href)));
    })();
  }

  private async dynamicImport(specifier: string, from: string | undefined): Promise<unknown> {
    if (/^(?:node|data|file):/.test(specifier)) return import(specifier);
    // tslab's `require` knows local TypeScript files, by paths from the notebook's folder.
    const { require: requireInCell } = (globalThis as unknown as { __tslab__: { require: NodeJS.Require } }).__tslab__;
    const local = specifier.startsWith(".") && from !== undefined;
    const request = local ? `./${relative(this.cwd, resolve(dirname(from), specifier))}` : specifier;
    try {
      return asNamespace(requireInCell(request));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ERR_REQUIRE_ASYNC_MODULE") throw error;
      const file = isAbsolute(request) ? request : createRequire(join(this.cwd, "cell.js")).resolve(request);
      return import(pathToFileURL(file).href);
    }
  }
}

function isEsModule(file: string): boolean {
  if (file.endsWith(".mjs")) return true;
  if (!file.endsWith(".js")) return false;
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const text = tryTo(() => readFileSync(join(folder, "package.json"), "utf8"));
    if (text !== undefined) return tryTo(() => JSON.parse(text).type) === "module";
  }
  return false;
}

/** Any other error comes again when the cell runs, as the cell's error. */
function failsToBeRequired(file: string): boolean {
  try {
    require(file);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ERR_REQUIRE_ASYNC_MODULE";
  }
}

/** As Node's `require` of an ES module: with a default export it is marked, or the whole would be taken as the default. */
function asRequired(namespace: Record<string, unknown>): unknown {
  if (!("default" in namespace)) return namespace;
  const marked = Object.defineProperty({}, "__esModule", { value: true });
  for (const name of Object.keys(namespace)) {
    Object.defineProperty(marked, name, { get: () => namespace[name], enumerable: true });
  }
  return marked;
}

/** What `import()` of a CommonJS module gives: its properties, and itself as default. */
function asNamespace(module: unknown): unknown {
  if (types.isModuleNamespaceObject(module)) return module;
  if (module === null || (typeof module !== "object" && typeof module !== "function")) return { default: module };
  return "__esModule" in module ? module : { ...module, default: module };
}

function tryTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
