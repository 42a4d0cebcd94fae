import { existsSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { buildCommand, ConfigError, packageRoot, writeAtomic } from "../../core";
import {
  isText,
  type Notebook,
  openNotebook,
  readNotebook,
  stripVolatile,
  toMarkdown,
  toScript,
  withKeptOutputs,
  withStaleNotes,
  writeNotebook,
} from "../../notebook";
import { Output, type OutputOptions } from "../output";
import { checkOutput, writing } from "../output-file";
import { pageLine, writePage } from "./page";

export const CONVERT_FORMATS = ["ts", "md", "html"] as const;
type Format = (typeof CONVERT_FORMATS)[number];

/** A module's ending, for cells await at their top. */
const ENDINGS = { ts: ".mts", md: ".md", html: ".html" } as const;
const FORMATS: Readonly<Record<string, Format>> = { ".ts": "ts", ".mts": "ts", ".md": "md", ".html": "html" };

export interface ConvertOptions extends OutputOptions {
  readonly to?: Format;
  readonly output?: string;
  readonly force?: boolean;
  readonly foldCode?: boolean;
  readonly markStale?: boolean;
}

/** Writes a notebook as a script, as Markdown or as a page. */
export function exportNotebook(path: string, options: ConvertOptions): void {
  const format = options.to ?? FORMATS[extname(options.output ?? "").toLowerCase()];
  if (format === undefined) {
    throw new ConfigError(
      `notebook export --to: must be ${CONVERT_FORMATS.join(", ")} where the output's name does not tell it, got nothing; e.g. --to ts`,
    );
  }
  const file = options.output ?? withEnding(path, ENDINGS[format]);
  checkOutput("notebook export --output", file);
  const notebook = openNotebook(path);
  const output = new Output(options);
  if (format === "html") {
    const shown = options.markStale ? withStaleNotes(notebook) : notebook;
    const page = writePage(file, path, shown, output, options.foldCode);
    output.result(page, () => pageLine(page));
    return;
  }
  for (const option of ["markStale", "foldCode"] as const) {
    if (options[option]) {
      const name = option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
      throw new ConfigError(`notebook export --${name}: needs --to html, got --to ${format}; text has no outputs`);
    }
  }
  const { text, remarks } =
    format === "md" ? { text: toMarkdown(stripVolatile(notebook)), remarks: [] } : script(notebook, file);
  if (existsSync(file) && !options.force && readFileSync(file, "utf8") !== text) {
    throw new ConfigError(
      `notebook export: ${file} is there and says something else, which would be lost; replace it with --force, or choose another name with --output`,
      { path: file },
    );
  }
  writing("notebook export --output", file, () => writeAtomic(file, text));
  for (const remark of remarks) output.warn(`notebook export: ${remark}`);
  output.result({ notebook: path, text: file, remarks }, () => `text:     ${file}`);
}

function script(notebook: Notebook, file: string) {
  const names = kernelNames();
  const { text, remarks } = toScript(stripVolatile(notebook), { from: "blockwise", names: new Set(names) });
  const told = remarks.map((remark) => `${remark}; blockwise notebook run ${file} runs it, as a script it does not`);
  const awaits = extname(file) === ".ts" && /\bawait\b/.test(text);
  const isModule = `as a script it must be a module: name it ${withEnding(file, ".mts")}, or say "type": "module" in package.json`;
  const unknown = `as a script it lacks the import of the kernel's names, for the package is not built; ${buildCommand()}`;
  return { text, remarks: [...told, ...(awaits ? [isModule] : []), ...(names ? [] : [unknown])] };
}

/** Names that cells have without an import; undefined where the package is not built. */
function kernelNames(): readonly string[] | undefined {
  const path = join(packageRoot(), "dist", "prelude.names.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined;
}

export interface ImportOptions extends OutputOptions {
  readonly output?: string;
  readonly force?: boolean;
  readonly update?: boolean;
}

/** Writes the notebook that a script or Markdown is. */
export function importNotebook(path: string, options: ImportOptions): void {
  if (!isText(path)) {
    const why = /\.ipynb$/i.test(path)
      ? "which is a notebook already"
      : "which is none of them; a page does not hold all of a notebook: export it as ts or md";
    throw new ConfigError(`notebook import: must be a .ts, .mts, .js or .md file, got ${path}, ${why}`, { path });
  }
  if (options.force && options.update) {
    throw new ConfigError("notebook import: --force and --update exclude each other; give one");
  }
  const file = options.output ?? withEnding(path, ".ipynb");
  checkOutput("notebook import --output", file);
  const imported = openNotebook(path);
  const isThere = existsSync(file);
  if (isThere && !options.force && !options.update) {
    throw new ConfigError(
      `notebook import: ${file} must not exist yet; keep the outputs of its unchanged cells with --update, or replace it with --force`,
      { path: file },
    );
  }
  const notebook = isThere && options.update ? withKeptOutputs(imported, readNotebook(file)) : imported;
  writing("notebook import --output", file, () => writeNotebook(file, notebook));
  new Output(options).result({ notebook: file, cells: notebook.cells.length }, () => `notebook: ${file}`);
}

function withEnding(path: string, ending: string): string {
  return `${path.replace(/\.(ipynb|[cm]?[tj]s|tsx|md|markdown)$/i, "")}${ending}`;
}
