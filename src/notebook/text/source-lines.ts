import { escapedCharacter } from "./cell-head";

/** A source as lines of a text file, with what a reader must know to have it back. */
export interface SourceLines {
  readonly lines: readonly string[];
  readonly attributes: { readonly eol?: "crlf"; readonly escaped?: true };
}

/** Halves of characters, which UTF-8 does not have. */
const HALVES = /\p{Surrogate}/u;
/** What ends a line beside a line feed. */
const LINE_ENDS = /[\r\u2028\u2029]/;

/**
 * Cuts a source into lines. CRLF is said, not written: a file of one kind of line end compares and travels well.
 * @param oneLine Whether a line must be one for JavaScript, too, as in a comment.
 */
export function sourceLines(source: string, oneLine: boolean): SourceLines {
  const isCrlf = source.includes("\r\n") && !/\r(?!\n)|(?<!\r)\n/.test(source);
  const text = isCrlf ? source.replaceAll("\r\n", "\n") : source;
  const eol = isCrlf ? ({ eol: "crlf" } as const) : {};
  const lines = text === "" ? [] : text.split("\n");
  if (!HALVES.test(text) && !(oneLine && LINE_ENDS.test(text))) return { lines, attributes: eol };
  return { lines: lines.map(escaped), attributes: { ...eol, escaped: true } };
}

/** The source that {@link sourceLines} cut. */
export function sourceOf(lines: readonly string[], { eol, escaped: isEscaped }: Record<string, unknown>): string {
  const text = isEscaped === true ? lines.map(unescaped) : lines;
  return text.join(eol === "crlf" ? "\r\n" : "\n");
}

/** The lines of a file, whichever line ends an editor or Git gave all of it, without a mark at its beginning. */
export function textLines(text: string): string[] {
  const lines = text.replace(/^\uFEFF/, "").split("\n");
  return lines[0].endsWith("\r") ? lines.map((line) => line.replace(/\r$/, "")) : lines;
}

export function withoutEmptyEnds(lines: readonly string[]): string[] {
  const full = [...lines.keys()].filter((i) => lines[i].trim() !== "");
  return full.length === 0 ? [] : lines.slice(full[0], (full.at(-1) as number) + 1);
}

export function hasHalves(source: string): boolean {
  return HALVES.test(source);
}

function escaped(line: string): string {
  return line.replace(/\\/g, "\\\\").replace(/[\r\u2028\u2029]|\p{Surrogate}/gu, escapedCharacter);
}

function unescaped(line: string): string {
  return line.replace(/\\(?:\\|u([0-9a-f]{4}))/g, (_, code) =>
    code === undefined ? "\\" : String.fromCharCode(Number.parseInt(code, 16)),
  );
}
