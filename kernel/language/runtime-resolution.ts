import { existsSync, readFileSync } from "node:fs";
import Module from "node:module";
import { dirname, isAbsolute, join, sep } from "node:path";
import { findPackageFolder } from "../../src/core/package-folder";
import { type PreludePackage, packageNameOf } from "./package";

type Resolve = (request: string, parent: NodeModule | undefined, isMain: boolean, options?: unknown) => string;

/**
 * Makes `require` find what a notebook may name, whatever folder it lies in:
 * the prelude package itself, what that package depends on, and packages with only an `import` export
 * (Node can `require` ES modules since 20.19, it only refuses to resolve them).
 */
export function installRuntimeResolution(prelude: PreludePackage, cwd: string): void {
  const internals = Module as unknown as { _resolveFilename: Resolve };
  const original = internals._resolveFilename;
  internals._resolveFilename = function (this: unknown, request, parent, isMain, options) {
    if (request === prelude.name) return prelude.main;
    try {
      return original.call(this, request, parent, isMain, options);
    } catch (error) {
      const from = parent?.filename ? dirname(parent.filename) : cwd;
      const found = resolveOtherwise(request, (error as NodeJS.ErrnoException).code, from, prelude, cwd);
      if (found === undefined) throw error;
      return found.retry ? original.call(this, found.retry, parent, isMain, options) : found.file!;
    }
  };
}

function resolveOtherwise(
  request: string,
  code: string | undefined,
  from: string,
  { root, bundled }: PreludePackage,
  cwd: string,
): { retry?: string; file?: string } | undefined {
  if (request.startsWith(".") || isAbsolute(request)) return undefined;
  const name = packageNameOf(request);
  if (code === "ERR_PACKAGE_PATH_NOT_EXPORTED") {
    const folder = findPackageFolder(name, from) ?? findPackageFolder(name, root);
    const file = folder && importExport(folder, `.${request.slice(name.length)}`);
    return file ? { file } : undefined;
  }
  if (code === "MODULE_NOT_FOUND" && isNotebookCode(from, cwd)) {
    const folder = findPackageFolder(name, root);
    if (folder === undefined) return bundledEntry(request, bundled);
    const file = importExport(folder, `.${request.slice(name.length)}`);
    return file ? { file } : { retry: join(folder, request.slice(name.length)) };
  }
  return undefined;
}

function bundledEntry(request: string, bundled: PreludePackage["bundled"]): { file: string } | undefined {
  const file = Object.hasOwn(bundled, request) ? bundled[request] : undefined;
  return file !== undefined && existsSync(file) ? { file } : undefined;
}

/** The cells themselves and the user's files beside the notebook, but no installed package. */
function isNotebookCode(from: string, cwd: string): boolean {
  return (from === cwd || from.startsWith(cwd + sep)) && !from.includes(`${sep}node_modules${sep}`);
}

/** The file that `exports` of the package gives for the `import` condition; patterns with `*` included. */
function importExport(folder: string, subpath: string): string | undefined {
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  if (exports === undefined) return undefined;
  const isMap =
    typeof exports === "object" && exports !== null && Object.keys(exports).some((key) => key.startsWith("."));
  const map: Record<string, unknown> = isMap ? exports : { ".": exports };
  const target = conditional(map[subpath]) ?? patternTarget(map, subpath);
  const file = target && join(folder, target);
  return file && existsSync(file) ? file : undefined;
}

function conditional(entry: unknown): string | undefined {
  if (typeof entry === "string") return entry;
  if (Array.isArray(entry)) return entry.map(conditional).find((target) => target !== undefined);
  if (typeof entry !== "object" || entry === null) return undefined;
  for (const [condition, target] of Object.entries(entry)) {
    if (!["node", "require", "module-sync", "import", "default"].includes(condition)) continue;
    const found = conditional(target);
    if (found !== undefined) return found;
  }
  return undefined;
}

function patternTarget(map: Record<string, unknown>, subpath: string): string | undefined {
  for (const [key, entry] of Object.entries(map)) {
    const [head, tail] = key.split("*");
    if (tail === undefined || !subpath.startsWith(head!) || !subpath.endsWith(tail)) continue;
    const middle = subpath.slice(head!.length, subpath.length - tail.length);
    return conditional(entry)?.replaceAll("*", middle);
  }
  return undefined;
}
