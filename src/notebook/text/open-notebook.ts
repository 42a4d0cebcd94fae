import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { ConfigError, readFailure } from "../../core";
import { type Notebook, readNotebook } from "../notebook-file";
import { fromMarkdown } from "./markdown-text";
import { fromScript } from "./percent-script";

const READERS: Readonly<Record<string, (text: string, where: string) => Notebook>> = {
  ...Object.fromEntries([".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs"].map((ending) => [ending, fromScript])),
  ".md": fromMarkdown,
  ".markdown": fromMarkdown,
};

/** Whether a file's name says that it is a notebook as text. */
export function isText(path: string): boolean {
  return Object.hasOwn(READERS, extname(path).toLowerCase());
}

/**
 * A notebook from its file: .ipynb, or as text a script with `// %%` cells or Markdown.
 * @throws ConfigError when the file cannot be read as such.
 */
export function openNotebook(path: string): Notebook {
  if (!isText(path)) return readNotebook(path);
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw new ConfigError(
      `notebook ${path}: must be a notebook as text, and ${readFailure(cause)}; check its path`,
      { path },
      { cause },
    );
  }
  const text = bytes.toString("utf8");
  if (!bytes.equals(Buffer.from(text)) || text.includes("\0")) {
    const got = bytes.includes(0) ? "a byte of 0" : "other bytes";
    throw new ConfigError(`notebook ${path}: must be text in UTF-8, got ${got}; save it in that encoding`, { path });
  }
  return READERS[extname(path).toLowerCase()](text, `notebook ${path}`);
}

/** The notebook with the outputs of another's cells of equal id (where there is none: place), type and source. */
export function withKeptOutputs(notebook: Notebook, earlier: Notebook): Notebook {
  const byId = new Map(earlier.cells.flatMap((cell) => (cell.id === undefined ? [] : [[cell.id, cell] as const])));
  const cells = notebook.cells.map((cell, i) => {
    const before = cell.id === undefined ? earlier.cells[i] : byId.get(cell.id);
    if (before?.cell_type !== "code" || cell.cell_type !== "code" || before.source !== cell.source) return cell;
    return { ...cell, outputs: before.outputs ?? [], execution_count: before.execution_count ?? null };
  });
  const { blockwise, language_info, ...others } = earlier.metadata;
  const added = {
    ...(blockwise !== undefined && { blockwise }),
    ...(language_info !== undefined && { language_info }),
  };
  return { ...notebook, metadata: { ...others, ...notebook.metadata, ...added }, cells };
}
