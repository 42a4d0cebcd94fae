import { parse, unparse } from "papaparse";
import { ConfigError, nearestName, shown } from "../core";
import { keyMistake, latencyKey, PER_CALL, spreadMistake } from "./latency-key";
import { type LatencyTable, latencyTableOf, type PlacedLayer } from "./latency-table";

const COLUMNS = ["key", "medianMs", "lowMs", "highMs", "runs"] as const;
type Column = (typeof COLUMNS)[number];
/** What the lines above the header may say: `# place: pixel-7-chrome`. */
const FACTS = ["place", "subject", "batch", "cpu", "backend"] as const;
type Fact = (typeof FACTS)[number];

/** Facts and rows of a CSV, with the number of each row's line. */
interface Lines {
  readonly facts: Partial<Record<Fact, string>>;
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
}

/**
 * A latency table from CSV as a phone, a spreadsheet or a person writes it: lines `# place: pixel-7-chrome` (also `batch`,
 * `cpu`, `backend`, `subject`), a header `key,medianMs` (also `lowMs`, `highMs`, `runs`), a row a layer, and one of "per call" where
 * a call costs something whatever the network. A row without a median is one that was not measured: it is left out.
 * @param name What the table is called where no line says its place.
 * @throws ConfigError naming the line of what is no layer's key, no number, negative, out of order, or twice.
 */
export function parseLatencyCsv(text: string, name: string, where = "latency table"): LatencyTable {
  const { facts, rows } = linesOf(text, where);
  const [header, ...body] = rows;
  const columns = columnsOf(header?.cells ?? [], where);
  const entries: LatencyTable["entries"] = [];
  const lines = new Map<string, number>();
  let perCallMs: number | undefined;
  for (const { line, cells } of body) {
    const at = `${where}, line ${line}`;
    if (cells.length > columns.length && cells.slice(columns.length).some((cell) => cell.trim() !== "")) {
      throw new ConfigError(
        `${at}: must have ${columns.length} cells as the header has, got ${cells.length}; put a key that has the separator in it between double quotes`,
      );
    }
    const cell = (column: Column) => (columns.includes(column) ? (cells[columns.indexOf(column)] ?? "").trim() : "");
    const key = cell("key");
    if (key === "") throw new ConfigError(`${at}: must have a key, and has none`);
    const mistake = key === PER_CALL ? undefined : keyMistake(key);
    if (mistake !== undefined) throw new ConfigError(`${at}: key ${mistake}`, { key });
    const before = lines.get(key);
    if (before)
      throw new ConfigError(`${at}: each layer must stand once, and ${shown(key)} stands in line ${before}, too`);
    lines.set(key, line);
    const [medianMs, lowMs, highMs] = (["medianMs", "lowMs", "highMs"] as const).map((column) =>
      milliseconds(cell(column), column, at),
    );
    if (medianMs === undefined) continue;
    const spread = spreadMistake({ medianMs, lowMs, highMs });
    if (spread !== undefined) throw new ConfigError(`${at}: ${spread}`, { key });
    const runs = cell("runs") === "" ? undefined : wholeFrom1(cell("runs"), `${at}: runs`);
    if (key === PER_CALL) perCallMs = medianMs;
    else {
      entries.push({
        key,
        medianMs,
        ...(lowMs !== undefined && { lowMs }),
        ...(highMs !== undefined && { highMs }),
        ...(runs !== undefined && { runs }),
      });
    }
  }
  const { place = name, subject = name, batch, cpu = "a device whose name was not given", backend = place } = facts;
  return latencyTableOf({
    subject,
    place,
    ...(perCallMs !== undefined && { perCallMs }),
    batch: batch === undefined ? 1 : wholeFrom1(batch, `${where}: batch`),
    cpu,
    engine: { backend, device: "not given", threads: 0, versions: {} },
    entries,
  });
}

/** A table as CSV; {@link parseLatencyCsv} reads it. */
export function latencyCsv(table: LatencyTable): string {
  const { subject, place, batch, cpu, engine, perCallMs = 0, entries } = table;
  const facts = { place: place ?? engine.backend, subject, batch, cpu, backend: engine.backend };
  return written(facts, [{ key: PER_CALL, medianMs: perCallMs }, ...entries]);
}

/** CSV of layers to be measured elsewhere, their medians to be filled in. @param subject What the layers are of. */
export function latencyTemplate(layers: readonly PlacedLayer[], subject: string): string {
  const keys = [PER_CALL, ...layers.map(({ layer, input }) => latencyKey(layer, input))];
  return written(
    { place: "name-of-the-device", subject, batch: 1 },
    keys.map((key) => ({ key })),
  );
}

function written(facts: Partial<Record<Fact, string | number>>, rows: readonly Partial<Record<Column, unknown>>[]) {
  const head = Object.entries(facts).map(([fact, value]) => `# ${fact}: ${value}\n`);
  const columns: Column[] = [...COLUMNS];
  const data = rows.map((row) => columns.map((column) => row[column] ?? ""));
  return `${head.join("")}${unparse({ fields: columns, data }, { newline: "\n" })}\n`;
}

function linesOf(text: string, where: string): Lines {
  const facts: Partial<Record<Fact, string>> = {};
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n|\r/);
  const kept = lines.flatMap((content, i) => {
    // A spreadsheet puts quotes around such a line, or separators behind it.
    const fact = /^"?#\s*([A-Za-z]+)\s*:\s*(.*?)"?[,;\t\s]*$/.exec(content);
    if (!fact) return /^"?#/.test(content) || /^[,;\t\s]*$/.test(content) ? [] : [{ line: i + 1, content }];
    const [, name, value] = fact;
    if (!FACTS.includes(name as Fact)) {
      throw new ConfigError(
        `${where}, line ${i + 1}: "# ${name}:" must be one of ${FACTS.join(", ")}${near(name, FACTS)}`,
      );
    }
    if (value !== "") facts[name as Fact] = value;
    return [];
  });
  const { data, errors } = parse<string[]>(kept.map(({ content }) => content).join("\n"), {
    delimitersToGuess: [",", ";", "\t"],
  });
  const quotes = errors.find(({ type }) => type === "Quotes");
  if (quotes || (kept.length > 0 && data.length !== kept.length)) {
    throw new ConfigError(`${where}: must be CSV, a row a line, and its double quotes are not closed`);
  }
  return { facts, rows: data.map((cells, i) => ({ line: kept[i]?.line ?? 0, cells })).filter(({ line }) => line > 0) };
}

function columnsOf(header: readonly string[], where: string): Column[] {
  const names = header.map((name) => name.trim()).filter((name, i, all) => name !== "" || i < all.length - 1);
  const wrong = names.find((name) => !COLUMNS.includes(name as Column));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  const needs = ["key", "medianMs"].filter((name) => !names.includes(name));
  if (wrong === undefined && twice === undefined && needs.length === 0) return names as Column[];
  const why =
    wrong !== undefined
      ? `${shown(wrong)} is none of them${near(wrong, COLUMNS)}`
      : twice !== undefined
        ? `${shown(twice)} stands twice`
        : `${needs.join(" and ")} ${needs.length > 1 ? "are" : "is"} missing`;
  throw new ConfigError(
    `${where}: the first row must name the columns, key and medianMs and maybe ${COLUMNS.slice(2).join(", ")}, times in milliseconds; ${why}`,
  );
}

function near(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? "" : `; did you mean ${nearest}?`;
}

function milliseconds(text: string, column: Column, at: string): number | undefined {
  if (text === "") return undefined;
  const value = /^[+]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new ConfigError(
    `${at}: ${column} must be milliseconds from 0 with a decimal point, e.g. 0.21, got ${shown(text)}`,
  );
}

function wholeFrom1(text: string, at: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new ConfigError(`${at} must be a whole number from 1, got ${shown(text)}`);
}
