import type { Cell, Notebook } from "../notebook-file";
import { attributesOf, type CellMarker, cellOf, readAttributes, writeAttributes } from "./cell-head";
import { withIds } from "./cell-ids";
import { sourceLines, sourceOf, textLines, withoutEmptyEnds } from "./source-lines";
import { headerLines, readHeader } from "./text-header";

/** A cell's marker: a comment that no reader of the page sees. */
const MARKER = /^<!-- cell (code|markdown|raw)(?: (.*?))? ?-->\s*$/;
/** Lines of a source that a marker could be mistaken for, as they are written: one backslash more. */
const LIKE_MARKER = /^<!-- (?=\\*cell\b)/;
const WRITTEN_LIKE_MARKER = /^<!-- \\(?=\\*cell\b)/;
const FENCE = /^(`{3,})(.*)$/;
/** Languages of fenced code that is a cell in files without markers. */
const CODE = /^(ts|typescript|tsx|js|javascript)$/i;

/**
 * A notebook as Markdown, without outputs: code in fences, each cell below a comment that names it. Reading it back by
 * {@link fromMarkdown} gives the same cells.
 */
export function toMarkdown(notebook: Notebook): string {
  const language = (notebook.metadata.kernelspec as { language?: string } | undefined)?.language ?? "typescript";
  const parts = [
    ["---", ...headerLines(notebook), "---"],
    ...notebook.cells.map((cell) => cellLines(cell, language === "typescript" ? "ts" : language)),
  ];
  return `${parts.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function cellLines(cell: Cell, language: string): string[] {
  const { lines, attributes } = sourceLines(cell.source, true);
  const marker = `<!-- cell ${cell.cell_type}${writeAttributes({ ...attributesOf(cell), ...attributes })} -->`;
  if (cell.cell_type === "markdown") {
    return [marker, ...lines.map((line) => line.replace(LIKE_MARKER, "$&\\"))];
  }
  const runs = lines.map((line) => /^\s*(`*)/.exec(line)?.[1].length ?? 0);
  const fence = "`".repeat(Math.max(3, ...runs.map((length) => length + 1)));
  return [marker, `${fence}${cell.cell_type === "code" ? language : "raw"}`, ...lines, fence];
}

/**
 * The notebook of a Markdown file. Without markers, its fences of TypeScript or JavaScript are the code cells and what
 * stands between them the others.
 * @param where The file, for errors.
 * @throws ConfigError when its header is no YAML.
 */
export function fromMarkdown(text: string, where: string): Notebook {
  const lines = textLines(text);
  const headerEnd = lines[0].trimEnd() === "---" ? lines.indexOf("---", 1) : -1;
  const notebook = readHeader(where, headerEnd < 0 ? [] : lines.slice(1, headerEnd));
  const body = lines.slice(headerEnd + 1);
  const cells = body.some((line) => MARKER.test(line)) ? markedCells(body) : fencedCells(body);
  return withIds({ ...notebook, cells });
}

function markedCells(lines: readonly string[]): Cell[] {
  const cells: Cell[] = [];
  const first = lines.findIndex((line) => MARKER.test(line));
  cells.push(...words(lines.slice(0, first)));
  for (let at = first; at < lines.length; ) {
    const [, type, said = ""] = MARKER.exec(lines[at]) ?? [];
    const head = { type: type as CellMarker["type"], attributes: readAttributes(said) ?? { title: said } };
    at++;
    const fence = type === "markdown" ? null : FENCE.exec(lines[at] ?? "");
    if (fence) {
      const close = lines.indexOf(fence[1], at + 1);
      const end = close < 0 ? lines.length : close;
      cells.push(cellOf(head, sourceOf(lines.slice(at + 1, end), head.attributes)));
      at = end + 1;
    }
    const next = lines.findIndex((line, i) => i >= at && MARKER.test(line));
    const rest = lines.slice(at, next < 0 ? lines.length : next);
    // Words below a cell's code are a cell of their own.
    cells.push(...(fence ? words(rest) : [unfenced(head, rest)]));
    at = next < 0 ? lines.length : next;
  }
  return cells;
}

function unfenced(head: CellMarker, lines: readonly string[]): Cell {
  const body = (lines.at(-1) === "" ? lines.slice(0, -1) : lines).map((line) =>
    line.replace(WRITTEN_LIKE_MARKER, "<!-- "),
  );
  return cellOf(head, sourceOf(body, head.attributes));
}

function fencedCells(lines: readonly string[]): Cell[] {
  const cells: Cell[] = [];
  let text: string[] = [];
  for (let at = 0; at < lines.length; at++) {
    const fence = FENCE.exec(lines[at]);
    const close = fence ? lines.findIndex((line, i) => i > at && line.trimEnd() === fence[1]) : -1;
    if (!fence || close < 0) {
      text.push(lines[at]);
    } else {
      const inside = lines.slice(at + 1, close);
      if (CODE.test(fence[2].trim())) {
        cells.push(...words(text), cellOf({ type: "code", attributes: {} }, inside.join("\n")));
        text = [];
      } else text.push(...lines.slice(at, close + 1));
      at = close;
    }
  }
  return [...cells, ...words(text)];
}

/** A markdown cell of the lines, without the empty ones around them; none where all are empty. */
function words(lines: readonly string[]): Cell[] {
  const full = withoutEmptyEnds(lines);
  return full.length === 0 ? [] : [cellOf({ type: "markdown", attributes: {} }, full.join("\n"))];
}
