import type { Diagnostic } from "../language/diagnostic";
import { OWN_FOLDER } from "./stack-positions";
import { inspected, readThrown, type Thrown } from "./thrown";

/** What an `error` message and an error reply carry. */
export interface CellError {
  readonly ename: string;
  readonly evalue: string;
  readonly traceback: string[];
}

const RED = "\u001b[31m";
const DIM = "\u001b[2m";
const RESET = "\u001b[0m";

/** Frames of Node say nothing to the user. */
const HIDDEN_FRAME = /node:|internal\//;

/** Errors of the type checker: position, message and the line with the place underlined. */
export function compileError(diagnostics: readonly Diagnostic[], source: string): CellError {
  const lines = source.split("\n");
  const first = diagnostics[0]!;
  const traceback: string[] = [];
  for (const diagnostic of diagnostics) {
    const { start, end, code, messageText, fileName } = diagnostic;
    traceback.push(
      `${RED}${fileName ? `${fileName}:` : ""}${position(diagnostic)}${RESET} - TS${code}: ${messageText}`,
    );
    const line = fileName ? undefined : lines[start.line];
    if (line === undefined) continue;
    const width = Math.max(
      1,
      end.line === start.line ? end.character - start.character : line.length - start.character,
    );
    traceback.push(`${DIM}${line}${RESET}`, `${" ".repeat(start.character)}${RED}${"~".repeat(width)}${RESET}`);
  }
  return { ename: `TS${first.code}`, evalue: `${position(first)} - ${first.messageText}`, traceback };
}

function position({ start }: Diagnostic): string {
  return `${start.line + 1}:${start.character + 1}`;
}

/** Causes and inner errors are told so deep, and so many of them. */
const MOST = { depth: 5, inner: 10 } as const;

/** An error thrown by the cell: its name and message, then the frames from the cell and from packages. Never throws. */
export function runtimeError(error: unknown): CellError {
  const thrown = readThrown(error);
  if (!thrown) {
    const evalue = typeof error === "string" ? error : inspected(error);
    return { ename: "Error", evalue, traceback: [`${RED}thrown:${RESET} ${evalue}`] };
  }
  return { ename: thrown.name, evalue: thrown.message, traceback: describe(thrown, 0) };
}

function describe(thrown: Thrown, depth: number): string[] {
  const { name, message, stack, cause, inner, properties } = thrown;
  const lines = [`${RED}${name}${RESET}: ${message}`, ...readableFrames(stack)];
  if (properties !== "") lines.push(properties);
  for (const [at, error] of inner.slice(0, MOST.inner).entries()) {
    lines.push(...related(`error ${at + 1} of ${inner.length}:`, error, depth));
  }
  if (cause !== undefined) lines.push(...related("caused by", cause, depth));
  return lines;
}

function related(how: string, error: unknown, depth: number): string[] {
  const thrown = depth < MOST.depth ? readThrown(error) : undefined;
  if (!thrown) return [`${how} ${inspected(error)}`];
  const [first, ...rest] = describe(thrown, depth + 1);
  return [`${how} ${first}`, ...rest];
}

/** By its number: what is added tells runs apart that have the same. */
const CELL_FRAME = /cell-(\d+)\.ts(?:\?\d+)?:(\d+):(\d+)/;

function readableFrames(stack: string): string[] {
  return stack
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !HIDDEN_FRAME.test(line) && !line.includes(OWN_FOLDER))
    .map(readableFrame);
}

function readableFrame(frame: string): string {
  const match = CELL_FRAME.exec(frame);
  if (!match) return `${DIM}${frame}${RESET}`;
  const [place, cell, line] = match;
  return frame.replace(place, `cell [${cell}] line ${line}`).replace(/eval \(|eval at .*?\), /, "");
}
