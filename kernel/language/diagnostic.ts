import type * as TypeScript from "typescript";

/** An error of the compiler at a place of the cell, or of a local file that the cell imports. Lines count from 0. */
export interface Diagnostic {
  readonly start: Place;
  readonly end: Place;
  readonly code: number;
  readonly messageText: string;
  /** Of the local file; undefined for the cell. */
  readonly fileName?: string;
}

export interface Place {
  readonly offset: number;
  readonly line: number;
  readonly character: number;
}

/** Variables of earlier cells are seen through imports, which the user knows nothing of. */
const ASSIGNED_IMPORT = 2632;
const ASSIGNED_CONSTANT = 2588;

/**
 * @param text of the file, as the user knows it.
 * @param shift offset of that text in what the compiler saw.
 */
export function toDiagnostic(
  ts: typeof TypeScript,
  { start = 0, length = 0, code, messageText }: TypeScript.Diagnostic,
  text: string,
  shift: number,
  fileName?: string,
): Diagnostic {
  const message = ts.flattenDiagnosticMessageText(messageText, "\n");
  const [from, to] = [start - shift, start - shift + length];
  const places = { start: placeOf(text, from), end: placeOf(text, to), fileName };
  return code === ASSIGNED_IMPORT
    ? { ...places, code: ASSIGNED_CONSTANT, messageText: message.replace("it is an import", "it is a constant") }
    : { ...places, code, messageText: message };
}

function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return { offset, line: before.split("\n").length - 1, character: offset - lineStart };
}
