import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

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

/** Whether this is a checkout of Blockwise's repository, and not the package as npm installs it. */
export function isCheckout(root: string = packageRoot()): boolean {
  return existsSync(join(root, "scripts", "setup.sh"));
}

/** What sets up what is missing (engine, kernel, compiled files), as it is called here. */
export function setupCommand(): string {
  return isCheckout() ? "npm run setup" : "npx blockwise setup";
}

/** What builds the native engine, as it is called here; `again`: though it is there. */
export function engineCommand({ again = false }: { again?: boolean } = {}): string {
  return `${isCheckout() ? "node native/build.mjs" : "npx blockwise setup"}${again ? " --force" : ""}`;
}

/** What brings compiled files that are missing. */
export function buildCommand(root?: string): string {
  return isCheckout(root) ? "npm run build" : "npm install blockwise";
}

/** What brings everything without root. */
export function condaCommand(): string {
  const root = isCheckout() ? "" : relative(process.cwd(), packageRoot());
  return `conda env create -f ${join(root, "environment.yml")} && conda activate blockwise`;
}
