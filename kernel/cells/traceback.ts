import { inspect } from "node:util";
import type { Diagnostic } from "../language/diagnostic";
import { OWN_FOLDER } from "./stack-positions";

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

/** An error thrown by the cell: its name and message, then the frames from the cell and from packages. */
export function runtimeError(error: unknown): CellError {
  if (!(error instanceof Error) && !isForeignError(error)) {
    const evalue = typeof error === "string" ? error : inspect(error);
    return { ename: "Error", evalue, traceback: [`${RED}thrown:${RESET} ${evalue}`] };
  }
  const { name, message } = error;
  return { ename: name, evalue: message, traceback: describe(error, 0) };
}

/** Errors of another realm are no instances of our Error. */
function isForeignError(error: unknown): error is Error {
  return Object.prototype.toString.call(error) === "[object Error]";
}

function describe(error: Error, depth: number): string[] {
  const head = `${RED}${error.name}${RESET}: ${error.message}`;
  const frames = readableFrames(error.stack ?? "");
  const lines = [head, ...frames];
  const { cause } = error;
  if (cause instanceof Error && depth < 5) {
    const [first, ...rest] = describe(cause, depth + 1);
    lines.push(`caused by ${first}`, ...rest);
  } else if (cause !== undefined) {
    lines.push(`caused by ${inspect(cause)}`);
  }
  return lines;
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
