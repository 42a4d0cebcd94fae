import { GUARD_TEXT } from "../language/loop-guard";

/**
 * Finds the TypeScript line of a line of compiled JavaScript.
 *
 * tslab gives no source map. The compiler keeps statements in order and most lines as they are, so lines of the two
 * texts are paired greedily in order after removing white space and what only TypeScript has at line ends.
 */
export class LineMap {
  private readonly toSource = new Map<number, number>();

  constructor(source: string, compiled: string) {
    const sourceLines = source.split("\n").map(essence);
    let from = 0;
    compiled.split("\n").forEach((line, index) => {
      const wanted = essence(line);
      if (wanted === "") return;
      const found = sourceLines.findIndex((candidate, at) => at >= from && similar(candidate, wanted));
      if (found < 0) return;
      this.toSource.set(index, found);
      from = found + 1;
    });
  }

  /** The line in the cell, both counted from 1; undefined where the compiler changed the line. */
  sourceLine(compiledLine: number): number | undefined {
    const found = this.toSource.get(compiledLine - 1);
    return found === undefined ? undefined : found + 1;
  }
}

/** Without space, brackets (a guard adds some) and the words that the conversion to CommonJS adds. */
function essence(line: string): string {
  return line
    .replace(/\/\/.*$/, "")
    .replace(GUARD_TEXT, "")
    .replace(/\b(exports\.|export\s+|const |let |var )/g, "")
    .replace(/\btsLastExpr\d* = /, "")
    .replace(/[\s;()]/g, "");
}

/** Equal, or equal up to a type annotation: the compiled line is a long subsequence with the same start. */
function similar(source: string, compiled: string): boolean {
  if (source === compiled) return true;
  if (source.length <= compiled.length || compiled.length < 4) return false;
  let at = 0;
  for (const character of source) if (character === compiled[at]) at += 1;
  return at === compiled.length && source[0] === compiled[0] && compiled.length >= source.length / 2;
}
