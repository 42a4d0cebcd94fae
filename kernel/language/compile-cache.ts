import { createHash } from "node:crypto";
import { readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import Module, { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join } from "node:path";
import vm from "node:vm";
import { makeFolder } from "../../src/core/make-folder";

/** A CommonJS module whose compiled code may be kept for the next start. */
export interface CachedModule {
  readonly exports: unknown;
  /** Stores what V8 has compiled by now, functions compiled late included; does nothing when the stored code was used. */
  save(): void;
}

/** Where compiled code is kept: `~/.cache/blockwise`, or below `XDG_CACHE_HOME`. */
export function cacheFolder(): string {
  return join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "blockwise");
}

/**
 * Loads the file as `require` would, with V8's code of the last start: compiling TypeScript's 9 MB costs a third of a
 * second each time (Node 20 has no `module.enableCompileCache`). A cache that cannot be read or written is no error.
 */
export function requireCached(path: string, folder: string = cacheFolder()): CachedModule {
  const known = require.cache[path];
  if (known) return { exports: known.exports, save: () => {} };
  const file = join(folder, `${basename(path, ".js")}-${fingerprint(path)}.v8`);
  const cachedData = readIfThere(file);
  const script = new vm.Script(Module.wrap(readFileSync(path, "utf8")), { filename: path, cachedData });
  const module = new Module(path, undefined);
  module.filename = path;
  require.cache[path] = module;
  script.runInThisContext().call(module.exports, module.exports, createRequire(path), module, path, dirname(path));
  module.loaded = true;
  const save = (): void => {
    if (cachedData !== undefined && script.cachedDataRejected === false) return;
    try {
      makeFolder(folder);
      // Two kernels may save at once: a rename is whole.
      writeFileSync(`${file}.${process.pid}`, script.createCachedData());
      renameSync(`${file}.${process.pid}`, file);
    } catch {
      // A home that cannot be written costs time, no more.
    }
  };
  return { exports: module.exports, save };
}

function fingerprint(path: string): string {
  const { size, mtimeMs } = statSync(path);
  const flags = process.execArgv.join(" ");
  const text = [path, size, mtimeMs, process.version, process.arch, flags].join("\n");
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function readIfThere(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
