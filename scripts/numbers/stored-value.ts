import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";
import { readNotebook, recordsOf } from "../../src/notebook";

/**
 * `path/in/repository.json#key/0/key`; of a notebook `notebooks/x.ipynb#<record>/<value>`, as `lab.record` stored it; of a
 * Markdown file into which a command writes tables `file.md#<heading above the table>/<first cell of the row>/<column>`.
 */
const place = z.string().regex(/^[^#\s]+#\S.*$/, "must be <file>#<key>/<key>");

/** Where a stored number is, and what is done to it before it is printed. */
export const sourceSchema = z.union([
  place,
  z.strictObject({ of: place, less: place.optional(), over: place.optional(), times: z.number().optional() }),
]);
export type Source = z.output<typeof sourceSchema>;

/** The number that a source stands for. @throws Error naming the place when there is none. */
export function storedValue(source: Source, root: string): number {
  if (typeof source === "string") return valueAt(source, root);
  const { of, less, over, times = 1 } = source;
  const value = valueAt(of, root) - (less === undefined ? 0 : valueAt(less, root));
  return (times * value) / (over === undefined ? 1 : valueAt(over, root));
}

function valueAt(where: string, root: string): number {
  const [file, pointer] = where.split(/#(.*)/s);
  const keys = pointer.split("/");
  let value: unknown = read(resolve(root, file));
  for (const key of keys) value = (value as Record<string, unknown> | null | undefined)?.[key];
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new Error(`numbers: ${where} must be a stored number, and is ${JSON.stringify(value) ?? "absent"}`);
  }
  return value;
}

function read(path: string): unknown {
  if (path.endsWith(".md")) return tablesOf(readFileSync(path, "utf8"));
  if (!path.endsWith(".ipynb")) return JSON.parse(readFileSync(path, "utf8"));
  return Object.fromEntries(recordsOf(readNotebook(path)).map(({ name, values }) => [name, values]));
}

/** `{ heading: { row: { column: number } } }` of all tables of a Markdown text. */
function tablesOf(text: string): Record<string, Record<string, Record<string, number>>> {
  const tables: Record<string, Record<string, Record<string, number>>> = {};
  let rows: Record<string, Record<string, number>> = {};
  let columns: readonly string[] = [];
  let before: readonly string[] = [];
  for (const line of text.split("\n")) {
    const heading = /^#+ (.*)$/.exec(line)?.[1];
    if (heading !== undefined) tables[heading] = rows = {};
    const cells = line.startsWith("|")
      ? line
          .split("|")
          .slice(1, -1)
          .map((cell) => cell.trim())
      : [];
    if (cells.length > 0 && cells.every((cell) => /^:?-+:?$/.test(cell))) columns = before;
    else if (cells.length > 0 && cells.length === columns.length) {
      rows[cells[0]] = Object.fromEntries(columns.map((name, i) => [name, Number(cells[i])]));
    } else columns = [];
    before = cells;
  }
  return tables;
}
