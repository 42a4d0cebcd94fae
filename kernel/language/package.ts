import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

/** The package whose exports every notebook has without an import. */
export interface PreludePackage {
  readonly name: string;
  readonly version: string;
  /** Folder of its package.json. */
  readonly root: string;
  /** Absolute path of the CommonJS entry. */
  readonly main: string;
  /** Absolute path of the declarations of the entry. */
  readonly types: string;
}

/**
 * Reads the package at `root`.
 * @throws Error when it has no built entry or no declarations.
 */
export function readPackage(root: string): PreludePackage {
  const file = join(root, "package.json");
  const { name, version, main, types } = JSON.parse(readFileSync(file, "utf8"));
  const found = {
    name,
    version,
    root,
    main: resolve(root, main ?? "index.js"),
    types: resolve(root, types ?? "index.d.ts"),
  };
  for (const path of [found.main, found.types]) {
    if (!existsSync(path)) throw new Error(`package ${name}: ${path} is missing; build it first (npm run build)`);
  }
  return found;
}

/** The folder of Blockwise's own package.json, from the compiled kernel or from its source. */
export function ownRoot(from: string = __dirname): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "blockwise") return folder;
    if (dirname(folder) === folder) throw new Error(`kernel: no package.json of blockwise above ${from}`);
  }
}

/** The first part of a path or import that names a package: `name` or `@scope/name`. */
export function packageNameOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}

/** Where the package `name` lies as seen from the folder `from`, undefined when it is not installed. */
export function findPackageFolder(name: string, from: string): string | undefined {
  const folders = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  return folders.map((folder) => join(folder, name)).find((folder) => existsSync(folder));
}
