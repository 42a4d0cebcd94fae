import { readFileSync } from "node:fs";
import { z } from "zod";
import { ConfigError, readFailure, writeAtomic } from "../core";

/** Text of the format: one string, or its lines. In memory it is always one string. */
const text = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat().join(""));
const metadata = z.record(z.string(), z.unknown());

const output = z.looseObject({
  output_type: z.enum(["stream", "display_data", "execute_result", "error"]),
  name: z.string().optional(),
  text: text.optional(),
  data: z.record(z.string(), z.unknown()).transform(joinedTexts).optional(),
  metadata: metadata.optional(),
  ename: z.string().optional(),
  evalue: z.string().optional(),
  traceback: z.array(z.string()).optional(),
});

const cell = z.looseObject({
  cell_type: z.enum(["code", "markdown", "raw"]),
  id: z.string().optional(),
  metadata,
  source: text,
  outputs: z.array(output).optional(),
  execution_count: z.number().nullish(),
});

const notebook = z.looseObject({
  nbformat: z.literal(4),
  nbformat_minor: z.number(),
  metadata,
  cells: z.array(cell),
});

/** A notebook of format 4; what the format has beyond these fields is kept as it is. */
export type Notebook = z.output<typeof notebook>;
export type Cell = Notebook["cells"][number];
export type CellOutput = z.output<typeof output>;

/** Outputs as Jupyter gave them. */
export const outputsSchema = z.array(output);

const ANEW = "take an earlier copy, or make a new one with Jupyter";
const AS_TEXT = "a notebook as a script or Markdown becomes one by blockwise notebook import";

/**
 * Reads a notebook.
 * @throws ConfigError when the file cannot be read or is no notebook of format 4.
 */
export function readNotebook(path: string): Notebook {
  const fail = (met: string, mend: string, cause?: unknown) =>
    new ConfigError(`notebook ${path}: must be a notebook (.ipynb), and ${met}; ${mend}`, { path }, { cause });
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw fail(readFailure(cause), "check its path", cause);
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    if (text.trim() === "") throw fail("is empty", ANEW, cause);
    throw fail(`is no JSON: it begins with ${JSON.stringify(text.slice(0, 40))}`, `${ANEW}; ${AS_TEXT}`, cause);
  }
  const parsed = notebook.safeParse(json);
  if (parsed.success) return parsed.data;
  if (typeof json !== "object" || json === null || !("nbformat" in json)) {
    throw fail('is JSON but no notebook: it has no "nbformat"', "name another file");
  }
  const { nbformat } = json;
  if (nbformat !== 4) {
    throw fail(
      `is of notebook format ${JSON.stringify(nbformat)}, where 4 is read`,
      "open it with Jupyter and save it, which brings it to format 4",
    );
  }
  const [{ path: place, message }] = parsed.error.issues;
  throw fail(
    `has no right ${JSON.stringify(place.join("."))} (${message.replace(/^Invalid input: /, "")})`,
    "open it with Jupyter and save it, or take an earlier copy",
  );
}

/** Writes a notebook whole or not at all, as Jupyter does: texts by line, so that versions compare well. */
export function writeNotebook(path: string, { cells, ...rest }: Notebook): void {
  const written = { cells: cells.map(asWritten), ...rest };
  writeAtomic(path, `${JSON.stringify(sorted(written), null, 1)}\n`);
}

/** A tag of Jupyter's: `metadata.tags`. */
export function hasTag({ metadata }: Cell, tag: string): boolean {
  return Array.isArray(metadata.tags) && metadata.tags.includes(tag);
}

/** The cell's first line that says something, short. */
export function cellTitle({ source }: Cell): string {
  const lines = source.split("\n").filter((line) => line.trim() !== "" && !/^\s*(\/\/|\/\*|\*)/.test(line));
  return (lines[0] ?? source.trim().split("\n")[0]).trim().slice(0, 80);
}

function asWritten({ source, outputs, ...rest }: Cell): unknown {
  const lines = { ...rest, source: splitLines(source) };
  return outputs ? { ...lines, outputs: outputs.map(outputAsWritten) } : lines;
}

function outputAsWritten({ text, data, ...rest }: CellOutput): unknown {
  return {
    ...rest,
    ...(text !== undefined && { text: splitLines(text) }),
    ...(data && {
      data: Object.fromEntries(
        Object.entries(data).map(([type, value]) => [type, typeof value === "string" ? splitLines(value) : value]),
      ),
    }),
  };
}

function joinedTexts(data: Record<string, unknown>): Record<string, unknown> {
  const isText = (value: unknown): value is string[] =>
    Array.isArray(value) && value.every((line) => typeof line === "string");
  return Object.fromEntries(
    Object.entries(data).map(([type, value]) => [
      type,
      isText(value) && !/[/+]json$/.test(type) ? value.join("") : value,
    ]),
  );
}

function splitLines(value: string): string[] {
  return value === "" ? [] : value.split(/(?<=\n)/);
}

/** Keys in alphabetical order, as nbformat writes them. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, part]) => [key, sorted(part)]));
}
