import { escapeHtml } from "./escape-html";

export type TableValue = string | number | bigint | boolean | null | undefined;

/** Rows and columns as plain data. */
export interface TableRecord {
  readonly title?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableValue[])[];
  /** A line below the table. */
  readonly note?: string;
  /** Rows shown where nothing else is said, default 20. */
  readonly maxRows?: number;
  /** Columns whose rows are different quantities: every value there is written for itself. */
  readonly mixed?: readonly string[];
}

export interface TableLimits {
  /** Rows shown; more are cut in the middle. Default: the table's own, or 20. */
  readonly maxRows?: number;
}

const MOST_ROWS = 20;
// Half-transparent greys and the page's own text colour: readable on a light and on a dark ground.
const CELL = "padding:3px 12px;border-bottom:1px solid rgba(128,128,128,.3);text-align:";
const MUTED = "opacity:.75";
/** Texts longer than this, such as whole networks in words, are broken into lines. */
const LONG_TEXT = 64;

/** The table as HTML: numbers to the right with their decimals below each other, text to the left. */
export function tableHtml(table: TableRecord, { maxRows = table.maxRows ?? MOST_ROWS }: TableLimits = {}): string {
  const { rows, left } = shorten(table.rows, maxRows);
  const columns = describeColumns(table);
  const style = ({ isNumeric, isLong }: Column) =>
    `${CELL}${isNumeric ? "right;font-variant-numeric:tabular-nums" : "left"};${isLong ? "white-space:normal;min-width:16em;max-width:46em" : "white-space:nowrap"}`;
  // Names of columns are broken into lines where the page is narrower than the table; values are not.
  const head = table.columns
    .map(
      (name, i) =>
        `<th style="${style({ ...columns[i], isLong: false }).replace("nowrap", "normal")};vertical-align:bottom;border-bottom:2px solid rgba(128,128,128,.8)">${escapeHtml(name)}</th>`,
    )
    .join("");
  const cell = (value: TableValue, column: Column) => {
    const text = escapeHtml(formatValue(value, column));
    return `<td style="${style(column)}">${column.isLong ? breakable(text) : text}</td>`;
  };
  const line = (row: readonly TableValue[]) => `<tr>${columns.map((column, i) => cell(row[i], column)).join("")}</tr>`;
  const body = rows.map((row) => (row === undefined ? leftOut(left, table.columns.length) : line(row))).join("\n");
  const title = table.title ? `<div style="font-weight:600;padding:4px 0">${escapeHtml(table.title)}</div>` : "";
  const note = table.note
    ? `<div style="${MUTED};padding:4px 0;overflow-wrap:anywhere">${escapeHtml(table.note)}</div>`
    : "";
  return `${title}<div class="blockwise-table" style="overflow-x:auto;max-width:100%"><table style="border-collapse:collapse;margin:0"><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table></div>${note}`;
}

/** The table as text in columns. */
export function tableText(table: TableRecord, { maxRows = table.maxRows ?? MOST_ROWS }: TableLimits = {}): string {
  const { rows, left } = shorten(table.rows, maxRows);
  const columns = describeColumns(table);
  const cells = rows.map((row) => row && columns.map((column, i) => formatValue(row[i], column)));
  const widths = table.columns.map((name, i) =>
    Math.max(name.length, ...cells.map((row) => (row ? row[i].length : 0))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => (columns[i].isNumeric ? text.padStart(widths[i]) : text.padEnd(widths[i])))
      .join("  ")
      .trimEnd();
  return [
    ...(table.title ? [table.title] : []),
    line(table.columns),
    line(widths.map((width) => "-".repeat(width))),
    ...cells.map((row) => (row ? line(row) : `... ${left} more rows`)),
    ...(table.note ? [table.note] : []),
  ].join("\n");
}

/** Keeps the first and the last rows; `undefined` stands where rows were left out. */
function shorten(rows: TableRecord["rows"], most: number) {
  if (rows.length <= most) return { rows: rows as (readonly TableValue[] | undefined)[], left: 0 };
  const tail = Math.floor(most / 4);
  const head = most - tail;
  return { rows: [...rows.slice(0, head), undefined, ...rows.slice(-tail || rows.length)], left: rows.length - most };
}

function leftOut(count: number, columns: number): string {
  return `<tr><td colspan="${columns}" style="${CELL}left;${MUTED}">\u2026 ${count} more rows</td></tr>`;
}

/** How the values of a column are written: a property of all of them together. */
export interface Column {
  readonly isNumeric: boolean;
  /** Of numbers that are not whole, so that their points stand below each other; undefined where they differ too much. */
  readonly decimals: number | undefined;
  readonly isLong: boolean;
}

/** Counts such as "4.27M", shares such as "91.3 %" and marked numbers such as "0.64 \u2248" are text, yet read as numbers. */
const NUMBER_WORDS =
  /^[-+\u2212\u00b1]?\d[\d.,]*( ?(%|[kMGT]?B|[kMGT]|ms|s|min|h|points?|images|px|\u00d7|x))?( ?[\u2248?*])?$/;
/** What stands for a number that is not there. */
const GAPS = ["", "-", "\u2013", "\u2014", "n/a", "none", "not measured", "not known"];

export function describeColumns({ columns, rows, mixed = [] }: TableRecord): Column[] {
  return columns.map((name, i) => {
    const column = describeColumn(rows.map((row) => row[i]));
    return mixed.includes(name) ? { ...column, decimals: undefined } : column;
  });
}

function describeColumn(values: readonly TableValue[]): Column {
  const known = values.filter((value) => value !== null && value !== undefined && !isGap(value));
  const isNumeric = known.length > 0 && known.every(isNumber);
  const fractions = known.filter((value) => typeof value === "number");
  const isLong = values.some((value) => typeof value === "string" && value.length > LONG_TEXT);
  return { isNumeric, decimals: decimalsOf(fractions), isLong };
}

function isGap(value: TableValue): boolean {
  return typeof value === "string" && GAPS.includes(value.trim());
}

function isNumber(value: TableValue): boolean {
  return typeof value === "string" ? NUMBER_WORDS.test(value) : typeof value !== "boolean";
}

/** As many as tell five figures of the largest number and three of the smallest, and no more than any of them needs. */
function decimalsOf(values: readonly number[]): number | undefined {
  const sizes = values.filter((value) => Number.isFinite(value) && value !== 0).map(Math.abs);
  if (sizes.length === 0 || values.every((value) => Number.isInteger(value) || !Number.isFinite(value))) return 0;
  const [least, most] = [Math.min(...sizes), Math.max(...sizes)].map((size) => Math.floor(Math.log10(size)));
  if (most >= 6 || least < -4) return undefined;
  const wanted = Math.max(0, 4 - most, Math.min(6, 2 - least));
  const isEnough = (decimals: number) =>
    values.every((value) => Number(value.toFixed(decimals)) === Number(value.toFixed(wanted)));
  return Array.from({ length: wanted }, (_, decimals) => decimals).find(isEnough) ?? wanted;
}

export function formatValue(value: TableValue, { decimals }: Column): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value);
  if (decimals !== undefined) return value.toFixed(decimals);
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6
    ? String(Number(value.toPrecision(5)))
    : value.toExponential(3);
}

/** Escaped text that may be broken behind commas, bars, underscores and the like, as timm's words have them. */
function breakable(escaped: string): string {
  return escaped.replace(/([,;|_/+)\]]|&gt;)(?=\S)/g, "$1<wbr>");
}
