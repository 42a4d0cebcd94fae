import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildCommand } from "../../src/core/package-root";

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
  /** Packages that it brings in itself where they are not installed, and the absolute paths of their entries. */
  readonly bundled: Readonly<Record<string, string>>;
  /** Absolute path of the declarations rolled up into one file, when they were built (`scripts/prelude-types.ts`). */
  readonly rolledUp?: RolledUpTypes;
}

export interface RolledUpTypes {
  readonly types: string;
  /** The public names; the file exports others too, so that every type has a name. */
  readonly names: readonly string[];
  /** Packages whose types are in the file, and as which of its names: `{ "@tensorflow/tfjs": "tf" }`. */
  readonly packages: Readonly<Record<string, string>>;
  /** Packages of types that Node's types import, rolled up into a file each. */
  readonly ofNode: Readonly<Record<string, string>>;
}

const OF_NODE = ["undici-types"];

/**
 * Reads the package at `root`.
 * @throws Error when it has no built entry or no declarations.
 */
export function readPackage(root: string): PreludePackage {
  const file = join(root, "package.json");
  const { name, version, main, types, blockwise } = JSON.parse(readFileSync(file, "utf8"));
  const found = {
    name,
    version,
    root,
    main: resolve(root, main ?? "index.js"),
    types: resolve(root, types ?? "index.d.ts"),
    bundled: readBundled(root, blockwise),
    rolledUp: readRolledUp(root, blockwise),
  };
  for (const path of [found.main, found.types]) {
    if (!existsSync(path))
      throw new Error(`package ${name}: ${path} is missing; build it first (${buildCommand(root)})`);
  }
  return found;
}

/** The field `blockwise` of package.json: `{ "bundled": { "danfojs-node": "dist/danfojs-node/index.js" } }`. */
function readBundled(root: string, field: Record<string, unknown> | undefined): Record<string, string> {
  const bundled = Object.entries((field?.bundled ?? {}) as Record<string, string>);
  return Object.fromEntries(bundled.map(([name, path]) => [name, resolve(root, path)]));
}

/** The field `blockwise` of package.json: `{ "preludeTypes": "dist/prelude.d.ts", "preludePackages": {...} }`. */
function readRolledUp(root: string, field: Record<string, unknown> | undefined): RolledUpTypes | undefined {
  if (typeof field?.preludeTypes !== "string") return undefined;
  const types = resolve(root, field.preludeTypes);
  const names = types.replace(/\.d\.ts$/, ".names.json");
  if (!existsSync(types) || !existsSync(names)) return undefined;
  const packages = (field.preludePackages ?? {}) as Record<string, string>;
  const files = OF_NODE.map((name) => [name, join(dirname(types), `${name}.d.ts`)] as const);
  const ofNode = Object.fromEntries(files.filter(([, file]) => existsSync(file)));
  return { types, names: JSON.parse(readFileSync(names, "utf8")), packages, ofNode };
}

/** The first part of a path or import that names a package: `name` or `@scope/name`. */
export function packageNameOf(specifier: string): string {
  return specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
}
