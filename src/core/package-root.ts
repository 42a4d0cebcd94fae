import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** The folder of Blockwise's own package.json, from compiled code or from source. */
export function packageRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const file = join(folder, "package.json");
    if (existsSync(file) && JSON.parse(readFileSync(file, "utf8")).name === "blockwise") return folder;
    if (dirname(folder) === folder) throw new Error(`packageRoot: no package.json of blockwise above ${__dirname}`);
  }
}

/** Blockwise's version. */
export function packageVersion(): string {
  return (JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")) as { version: string }).version;
}
