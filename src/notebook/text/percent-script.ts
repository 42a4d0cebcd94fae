import type { Cell, Notebook } from "../notebook-file";
import { attributesOf, type CellMarker, cellOf, readAttributes, writeAttributes } from "./cell-head";
import { withIds } from "./cell-ids";
import { scriptFacts } from "./script-facts";
import { hasHalves, sourceLines, sourceOf, textLines, withoutEmptyEnds } from "./source-lines";
import { headerLines, readHeader } from "./text-header";

/** A cell's marker, as editors and jupytext know it; `;` before it ends the statement of the cell above. */
const MARKER = /^(?:; )?\/\/ %%(?:\s+(.*?))?\s*$/;
/** Lines of a source that a marker could be mistaken for, as they are written: one `// ` more. */
const LIKE_MARKER = /^(?:\/\/ )*(?:; )?\/\/ %%(?=\s|$)/;
const WRITTEN_LIKE_MARKER = /^(?:\/\/ )+(?:; )?\/\/ %%(?=\s|$)/;
const PREAMBLE = "// %% [script] what a script needs and a notebook has; no cell of the notebook";
const FENCE = "// ---";

export interface ScriptText {
  readonly text: string;
  /** What keeps it from being a script that does what the notebook does, in sentences; a notebook it is all the same. */
  readonly remarks: readonly string[];
}

/**
 * A notebook as a TypeScript file of cells in the percent format (`// %% [markdown] id="..." tags=[...]`), without outputs.
 *
 * It is a module: `npx tsx x.mts` runs it. Reading it back by {@link fromScript} gives the same cells: sources, ids, tags and
 * other metadata, types, attachments.
 * @param kernelNames Names that the kernel has without an import, from the package of this name.
 */
export function toScript(
  notebook: Notebook,
  kernelNames: { readonly from: string; readonly names: ReadonlySet<string> },
): ScriptText {
  const code = notebook.cells.map(({ cell_type, source }) =>
    cell_type === "code" && !hasHalves(source) ? source : undefined,
  );
  const { preamble, unfinished, remarks } = scriptFacts(code, kernelNames);
  const parts = [
    [FENCE, ...headerLines(notebook).map((line) => commented(line)), FENCE],
    ...(preamble.length > 0 ? [[PREAMBLE, ...preamble]] : []),
    ...notebook.cells.map((cell, i) => cellLines(cell, code[i] === undefined, unfinished.has(i))),
  ];
  return { text: `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`, remarks };
}

function cellLines(cell: Cell, isComment: boolean, endsStatement: boolean): string[] {
  const { lines, attributes } = sourceLines(cell.source, isComment);
  const type = cell.cell_type === "code" ? "" : ` [${cell.cell_type}]`;
  const all = {
    ...attributesOf(cell),
    ...attributes,
    ...(cell.cell_type === "code" && isComment && { commented: true }),
  };
  const marker = `${endsStatement ? "; " : ""}// %%${type}${writeAttributes(all)}`;
  const written = isComment ? lines.map(commented) : lines;
  return [marker, ...written.map((line) => (LIKE_MARKER.test(line) ? `// ${line}` : line))];
}

/**
 * The notebook of a TypeScript file: cells begin at `// %%` lines; a file without any is one cell. Cells without an id get
 * one. Code below the comment lines of a markdown cell is a cell of its own.
 * @param where The file, for errors.
 * @throws ConfigError when its header is no YAML.
 */
export function fromScript(text: string, where: string): Notebook {
  const lines = textLines(text);
  const headerEnd = lines[0].trimEnd() === FENCE ? lines.indexOf(FENCE, 1) : -1;
  const notebook = readHeader(where, headerEnd < 0 ? [] : lines.slice(1, headerEnd).map(uncommented));
  const cells: Cell[] = [];
  let head: CellMarker | undefined = { type: "code", attributes: {} };
  let body: string[] = [];
  let isStart = true;
  const end = () => {
    if (isStart) body = withoutEmptyEnds(body);
    if (head && !(isStart && body.length === 0)) cells.push(...cellsOf(head, body));
    isStart = false;
    body = [];
  };
  for (const line of lines.slice(headerEnd + 1)) {
    const marker = MARKER.exec(line);
    if (marker) {
      end();
      head = readHead(marker[1] ?? "");
    } else body.push(line);
  }
  end();
  return withIds({ ...notebook, cells });
}

/** Of a marker's words; undefined for what is no cell. */
function readHead(words: string): CellMarker | undefined {
  const [, title, type, rest] = /^([^[\]="]*)(?:\[(\w+)\])?\s*(.*)$/s.exec(words) ?? [];
  if (type === "script") return undefined;
  const isType = type === undefined || ["code", "markdown", "md", "raw"].includes(type);
  // `title id="..."`: the last of the words before the equals sign is a key.
  const [, name, key] = rest.startsWith("=") ? (/^(.*?)([\w-]+)$/s.exec(title ?? "") ?? []) : [];
  const attributes = isType ? readAttributes(`${key ?? ""}${rest}`) : undefined;
  if (!attributes) return { type: "code", attributes: { title: words } };
  const said = (name ?? title ?? "").trim();
  const cellType = type === "md" ? "markdown" : ((type ?? "code") as CellMarker["type"]);
  return { type: cellType, attributes: { ...(said !== "" && { title: said }), ...attributes } };
}

function cellsOf(head: CellMarker, body: readonly string[]): Cell[] {
  const { type, attributes } = head;
  const lines = body.map((line) => (WRITTEN_LIKE_MARKER.test(line) ? line.slice(3) : line));
  if (type === "code" && attributes.commented !== true) {
    return [cellOf(head, sourceOf(lines.at(-1) === "" ? lines.slice(0, -1) : lines, attributes))];
  }
  const codeAt = lines.findIndex((line) => line.trim() !== "" && !line.startsWith("//"));
  const comment = codeAt < 0 ? lines : lines.slice(0, codeAt);
  while (comment.at(-1)?.trim() === "") comment.pop();
  const cell = cellOf(head, sourceOf(comment.map(uncommented), attributes));
  return codeAt < 0 ? [cell] : [cell, ...cellsOf({ type: "code", attributes: {} }, body.slice(codeAt))];
}

function commented(line: string): string {
  return line === "" ? "//" : `// ${line}`;
}

function uncommented(line: string): string {
  return line.replace(/^\/\/ ?/, "");
}
