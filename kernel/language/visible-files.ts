import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type * as TypeScript from "@tslab/typescript-for-tslab";
import { findPackageFolder, type PreludePackage, packageNameOf } from "./package";

/** What tslab puts before each of its two files: the cell and what earlier cells declared. */
const TSLAB_PREFIX = "export {};\n";

const SKIPS_CHECK = /^(?:\s|\/\/.*\n|\/\*[\s\S]*?\*\/)*\/\/\/?\s*@ts-nocheck\b/;

/** True for a cell with `// @ts-nocheck` above its first statement. */
export function skipsCheck(source: string): boolean {
  return SKIPS_CHECK.test(source);
}

/**
 * The text of a cell as the compiler sees it.
 *
 * tslab compiles each cell twice: as it is, to learn what it declares, and with that exported. Told what it declares, the
 * compiler sees the second text from the start and has nothing to do the second time.
 */
export class CellText {
  private source: string | undefined;
  private names: readonly string[] = [];

  expect(source: string, names: Iterable<string>): void {
    this.source = source;
    this.names = [...names];
  }

  /** @param text what tslab would have the compiler read. */
  read(text: string): string {
    const seen = this.withExports(text);
    const source = seen.slice(TSLAB_PREFIX.length);
    // Blanks of the prefix's length, so that positions stay; the file must be a module all the same.
    return skipsCheck(source) ? `${" ".repeat(TSLAB_PREFIX.length - 1)}\n${source}\nexport {};` : seen;
  }

  private withExports(text: string): string {
    const { source, names } = this;
    if (source === undefined || names.length === 0 || !text.startsWith(source, TSLAB_PREFIX.length)) return text;
    const rest = text.slice(TSLAB_PREFIX.length + source.length);
    if (rest !== "") {
      const exported = /^\nexport \{([^}]*)\}$/.exec(rest)?.[1]?.split(", ") ?? [];
      const same = exported.length === names.length && exported.every((name) => names.includes(name));
      if (!same) return text;
    }
    return `${TSLAB_PREFIX}${source}\nexport {${names.join(", ")}}`;
  }
}

/**
 * The files as the notebook's compiler sees them:
 * - the prelude package and its dependencies appear in `node_modules` of the notebook's folder. A path mapping would not
 *   do: the compiler refuses inferred types it cannot name from the notebook's folder (TS2742);
 * - the prelude's types, and those of packages rolled up with them, are one file;
 * - files that a package's `exports` hides can be named, for the same reason;
 * - `// @ts-nocheck` stands at the top of the file, where the compiler looks for it.
 */
export function withOurFiles(
  sys: TypeScript.System,
  { prelude, cwd, cell }: { prelude: PreludePackage; cwd: string; cell: CellText },
  declarations: string,
): TypeScript.System {
  const folder = cwd.replaceAll("\\", "/").replace(/\/$/, "");
  const forward = forwarding(prelude, folder);
  const virtual = rolledUpPackages(prelude, folder);
  const preludeFile = `${folder}/node_modules/${prelude.name}/package.json`;
  // For each program TypeScript asks 60 times whether a package replaces one of its own libraries.
  const isThinkable = (path: string): boolean =>
    !path.includes("/node_modules/@typescript/lib-") && !virtual.owns(path);
  const watched = sys.watchFile!.bind(sys);
  const read = (path: string, encoding?: string): string | undefined => {
    const known = virtual.files.get(path);
    if (known !== undefined) return known;
    const text = sys.readFile(forward(path), encoding);
    if (text === undefined) return undefined;
    if (path === `${folder}/__prev__.d.ts`) return text === TSLAB_PREFIX ? text + declarations : text;
    if (path === `${folder}/__tslab__.ts`) return cell.read(text);
    if (path === preludeFile) return withRolledUpTypes(text, prelude);
    if (PACKAGE_FILE.test(path)) return withNameableFiles(text);
    return LARGE_DECLARATIONS.test(path) ? withoutDocumentation(text) : text;
  };
  const changed: Partial<TypeScript.System> = {
    fileExists: (path) => virtual.files.has(path) || (isThinkable(path) && sys.fileExists(forward(path))),
    readFile: read,
    directoryExists: (path) => virtual.folders.has(path) || (isThinkable(path) && sys.directoryExists(forward(path))),
    getDirectories: (path) => sys.getDirectories(forward(path)),
    // A forwarded path is its own real path, or the compiler would leave the notebook's folder again.
    realpath: (path) => (virtual.owns(path) || forward(path) !== path ? path : (sys.realpath?.(path) ?? path)),
    watchFile: (path, ...rest) => (path.includes("/node_modules/") ? { close() {} } : watched(path, ...rest)),
    // tslab allows one pending timer; a change of folders (a checkpoint written beside the notebook) would set a second.
    watchDirectory: () => ({ close() {} }),
  };
  return Object.assign(Object.create(sys), changed);
}

/** The folder with tslab's own `@types/node`. */
export function nodeTypesFolder(tslabFolder: string): string {
  return dirname(dirname(createRequire(join(tslabFolder, "package.json")).resolve("@types/node/package.json")));
}

const PACKAGE_FILE = /\/node_modules\/(?:@[^/]+\/)?[^/]+\/package\.json$/;

function withRolledUpTypes(text: string, { rolledUp, root }: PreludePackage): string {
  if (!rolledUp) return withNameableFiles(text);
  const types = `.${rolledUp.types.slice(root.length).replaceAll("\\", "/")}`;
  return JSON.stringify({ ...JSON.parse(text), types, exports: { ".": { types } } });
}

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
const LARGE_DECLARATIONS =
  /\/node_modules\/(?:@types\/node|undici-types|plotly\.js-dist-min|@webgpu\/types)\/.*\.d\.[cm]?ts$/;

function withoutDocumentation(text: string): string {
  return text.replace(/\/\*\*[\s\S]*?\*\//g, "");
}

interface VirtualFiles {
  readonly files: ReadonlyMap<string, string>;
  readonly folders: ReadonlySet<string>;
  owns(path: string): boolean;
}

/**
 * Packages whose types are part of the prelude's file, `import * as tf from "@tensorflow/tfjs"` for one: the same types
 * twice would not fit each other, and take seconds to read. A version that the user installed is left alone.
 */
function rolledUpPackages(prelude: PreludePackage, folder: string): VirtualFiles {
  const files = new Map<string, string>();
  const folders = new Set<string>();
  const roots: string[] = [];
  for (const [name, member] of Object.entries(prelude.rolledUp?.packages ?? {})) {
    const installed = findPackageFolder(name, folder);
    if (installed !== undefined && installed !== findPackageFolder(name, prelude.root)) continue;
    const root = `${folder}/node_modules/${name}`;
    files.set(`${root}/package.json`, JSON.stringify({ name, version: "0.0.0", types: "index.d.ts" }));
    const importing = `import { ${member} } from ${JSON.stringify(prelude.name)};\nexport = ${member};\n`;
    files.set(`${root}/index.d.ts`, importing);
    roots.push(`${root}/`);
    for (let path = root; path !== folder; path = dirname(path)) folders.add(path);
  }
  return { files, folders, owns: (path) => roots.some((root) => path.startsWith(root)) };
}

/** Maps `<folder>/node_modules/<package>/...` to where our package manager put that package, unless the user has it. */
function forwarding(prelude: PreludePackage, folder: string): (path: string) => string {
  const prefix = `${folder}/node_modules/`;
  const targets = new Map<string, string | undefined>();
  const target = (name: string): string | undefined => {
    if (name === prelude.name) return prelude.root;
    if (findPackageFolder(name, folder) !== undefined) return undefined;
    return findPackageFolder(name, prelude.root);
  };
  return (path) => {
    if (!path.startsWith(prefix)) return path;
    const rest = path.slice(prefix.length);
    const name = packageNameOf(rest);
    if (name === "" || name === "tslab") return path;
    if (name.startsWith("@") && !name.includes("/")) return scopeFolder(path, name, prelude.root);
    if (!targets.has(name)) targets.set(name, target(name));
    const found = targets.get(name);
    if (found === undefined) return path;
    const inner = rest.slice(name.length);
    // Our own dependencies are seen beside us, not inside us: only so can the compiler name their types.
    if (name === prelude.name && inner.startsWith("/node_modules")) return path;
    return `${found.replaceAll("\\", "/")}${inner}`;
  };
}

/** The folder `node_modules/@scope`: the user's if there is one, else ours. */
function scopeFolder(path: string, scope: string, root: string): string {
  if (existsSync(path)) return path;
  const folders = createRequire(join(root, "package.json")).resolve.paths(scope) ?? [];
  return folders.map((folder) => join(folder, scope)).find((folder) => existsSync(folder)) ?? path;
}
