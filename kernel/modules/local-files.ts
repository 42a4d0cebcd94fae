import { readFileSync, statSync } from "node:fs";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** How a local file is run. */
export type FileKind = "es" | "commonjs" | "json" | "other";

const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".node"];
/** What TypeScript lets one write for a file of its own: `./a.js` for `./a.ts`. */
const WRITTEN_FOR: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".jsx": [".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};

/** True for `./x`, `/x` and `file:` URLs. */
export function namesFile(specifier: string): boolean {
  return /^\.{0,2}\/|^\.{1,2}$|^file:/.test(specifier) || isAbsolute(specifier);
}

/** The file that the specifier means as seen from a folder, as a bundler or `tsx` finds it; undefined when there is none. */
export function findLocalFile(
  specifier: string,
  folder: string,
  exists: (path: string) => boolean = isFile,
): string | undefined {
  const [plain] = specifier.split("?");
  const base = specifier.startsWith("file:") ? fileURLToPath(specifier) : resolve(folder, plain!);
  const isFolder = /[/\\]$|(^|[/\\])\.{1,2}$/.test(plain!);
  if (!isFolder) {
    if (exists(base)) return base;
    const extension = extname(base);
    const stem = base.slice(0, base.length - extension.length);
    for (const other of WRITTEN_FOR[extension] ?? []) if (exists(stem + other)) return stem + other;
    for (const added of EXTENSIONS) if (exists(base + added)) return base + added;
  }
  const main = tryTo(() => JSON.parse(readFileSync(join(base, "package.json"), "utf8")).main);
  if (typeof main === "string") {
    const found = findLocalFile(`./${main}`, base, exists);
    if (found !== undefined) return found;
  }
  for (const added of EXTENSIONS) if (exists(join(base, `index${added}`))) return join(base, `index${added}`);
  return undefined;
}

export function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

/** What changes when the file is written. */
export function fileStamp(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stat ? `${stat.mtimeNs} ${stat.size} ${stat.ino}` : "none";
}

const ES_SYNTAX = /^\s*(?:import\b(?!\s*\()|export\b)|\bimport\.meta\b/m;
const EXPORT_EQUALS = /^\s*export\s*=/m;
const COMMONJS_SYNTAX = /\bmodule\.exports\b|\bexports\.\w+\s*=|\bexports\[/;

/** By the extension; where that leaves it open, by what is written in the file, and in its package.json. */
export function kindOf(path: string, text: string): FileKind {
  switch (extname(path)) {
    case ".json":
      return "json";
    case ".cjs":
    case ".cts":
      return "commonjs";
    case ".mjs":
    case ".mts":
      return "es";
    case ".ts":
    case ".tsx":
    case ".js":
    case ".jsx":
      if (EXPORT_EQUALS.test(text)) return "commonjs";
      if (ES_SYNTAX.test(text)) return "es";
      if (COMMONJS_SYNTAX.test(text)) return "commonjs";
      return path.endsWith(".js") && packageType(path) !== "module" ? "commonjs" : "es";
    default:
      return "other";
  }
}

function packageType(path: string): unknown {
  for (let folder = dirname(path); folder !== dirname(folder); folder = dirname(folder)) {
    const text = tryTo(() => readFileSync(join(folder, "package.json"), "utf8"));
    if (text !== undefined) return tryTo(() => JSON.parse(text).type);
  }
  return undefined;
}

function tryTo<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
