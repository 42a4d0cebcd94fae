import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { findPackageFolder, type PreludePackage, packageNameOf } from "./package";

type WatchHostArguments = [string[], TypeScript.CompilerOptions, TypeScript.System, ...unknown[]];

/**
 * Loads tslab's TypeScript and changes how tslab sets its compiler up; must run before tslab's converter is loaded.
 *
 * tslab hard-codes its options, so `createWatchCompilerHost` is replaced in the module cache:
 * - bundler resolution, for packages with only an `import` export;
 * - only Node's types, wherever the notebook lies (the DOM's would flood completion);
 * - the prelude package and its dependencies appear in `node_modules` of the notebook's folder. A path mapping would
 *   not do: the compiler refuses inferred types it cannot name from the notebook's folder (TS2742);
 * - files that a package's `exports` hides can be named, for the same reason.
 */
export function loadTypeScript(prelude: PreludePackage, cwd: string): typeof TypeScript {
  const path = require.resolve("@tslab/typescript-for-tslab", { paths: [tslabFolder()] });
  const original: typeof TypeScript = require(path);
  const createHost = original.createWatchCompilerHost as unknown as (...all: unknown[]) => unknown;
  const patched = Object.create(original, {
    createWatchCompilerHost: {
      value: (files: string[], options: TypeScript.CompilerOptions, sys: TypeScript.System, ...rest: unknown[]) => {
        const all: WatchHostArguments = [
          files,
          withOurOptions(original, options),
          withOurPackages(sys, prelude, cwd),
          ...rest,
        ];
        return createHost(...all);
      },
      enumerable: true,
    },
  });
  // __importStar in tslab copies own keys only.
  for (const key of Object.keys(original)) {
    if (key === "createWatchCompilerHost") continue;
    Object.defineProperty(patched, key, { get: () => original[key as keyof typeof original], enumerable: true });
  }
  require.cache[path]!.exports = patched;
  return patched;
}

export function tslabFolder(): string {
  return dirname(require.resolve("tslab/package.json"));
}

function withOurOptions(ts: typeof TypeScript, options: TypeScript.CompilerOptions): TypeScript.CompilerOptions {
  const nodeTypes = dirname(createRequire(join(tslabFolder(), "package.json")).resolve("@types/node/package.json"));
  return {
    ...options,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: ["node"],
    typeRoots: [...(options.typeRoots ?? []), dirname(nodeTypes)],
  };
}

function withOurPackages(sys: TypeScript.System, prelude: PreludePackage, cwd: string): TypeScript.System {
  const forward = forwarding(prelude, cwd);
  const watched = sys.watchFile!.bind(sys);
  const changed: Partial<TypeScript.System> = {
    fileExists: (path) => sys.fileExists(forward(path)),
    readFile: (path, encoding) => {
      const text = sys.readFile(forward(path), encoding);
      if (text === undefined) return undefined;
      if (PACKAGE_FILE.test(path)) return withNameableFiles(text);
      return LARGE_DECLARATIONS.test(path) ? withoutDocumentation(text) : text;
    },
    directoryExists: (path) => sys.directoryExists(forward(path)),
    getDirectories: (path) => sys.getDirectories(forward(path)),
    // A forwarded path is its own real path, or the compiler would leave the notebook's folder again.
    realpath: (path) => (forward(path) === path ? (sys.realpath?.(path) ?? path) : path),
    watchFile: (path, ...rest) => (path.includes("/node_modules/") ? { close() {} } : watched(path, ...rest)),
    // tslab allows one pending timer; a change of folders (a checkpoint written beside the notebook) would set a second.
    watchDirectory: () => ({ close() {} }),
  };
  return Object.assign(Object.create(sys), changed);
}

const PACKAGE_FILE = /\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/;

/** Adds all files of a package to the `exports` the compiler reads; Node still reads the real ones. */
function withNameableFiles(text: string): string {
  try {
    const content = JSON.parse(text);
    const { exports } = content;
    if (exports === undefined || exports === null) return text;
    const isMap = typeof exports === "object" && Object.keys(exports).some((key) => key.startsWith("."));
    const files = { "./*.js": "./*.js", "./*.mjs": "./*.mjs", "./*.cjs": "./*.cjs" };
    return JSON.stringify({ ...content, exports: { ...(isMap ? exports : { ".": exports }), ...files } });
  } catch {
    return text;
  }
}

/** Declarations of megabytes, mostly documentation, which TypeScript 5.0 parses whether asked for or not. */
const LARGE_DECLARATIONS = /\/node_modules\/(?:@types\/node|plotly\.js-dist-min|@webgpu\/types)\/.*\.d\.[cm]?ts$/;

function withoutDocumentation(text: string): string {
  return text.replace(/\/\*\*[\s\S]*?\*\//g, "");
}

/** Maps `<cwd>/node_modules/<package>/...` to where our package manager put that package, unless the user has it. */
function forwarding(prelude: PreludePackage, cwd: string): (path: string) => string {
  const prefix = `${cwd.replaceAll("\\", "/").replace(/\/$/, "")}/node_modules/`;
  const targets = new Map<string, string | undefined>();
  const target = (name: string): string | undefined => {
    if (name === prelude.name) return prelude.root;
    if (findPackageFolder(name, cwd) !== undefined) return undefined;
    return findPackageFolder(name, prelude.root);
  };
  return (path) => {
    if (!path.startsWith(prefix)) return path;
    const rest = path.slice(prefix.length);
    const name = packageNameOf(rest);
    if (name === "" || name === "tslab") return path;
    if (name.startsWith("@") && !name.includes("/")) return scopeFolder(path, name, prelude.root);
    if (!targets.has(name)) targets.set(name, target(name));
    const folder = targets.get(name);
    if (folder === undefined) return path;
    const inner = rest.slice(name.length);
    // Our own dependencies are seen beside us, not inside us: only so can the compiler name their types.
    if (name === prelude.name && inner.startsWith("/node_modules")) return path;
    return `${folder.replaceAll("\\", "/")}${inner}`;
  };
}

/** The folder `node_modules/@scope`: the user's if there is one, else ours. */
function scopeFolder(path: string, scope: string, root: string): string {
  if (existsSync(path)) return path;
  const folders = createRequire(join(root, "package.json")).resolve.paths(scope) ?? [];
  return folders.map((folder) => join(folder, scope)).find((folder) => existsSync(folder)) ?? path;
}
