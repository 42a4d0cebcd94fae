import { escapeHtml } from "./escape-html";

export type TableValue = string | number | bigint | boolean | null | undefined;

/** Rows and columns as plain data. */
export interface TableRecord {
  readonly title?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly TableValue[])[];
  /** A line below the table. */
  readonly note?: string;
}

export interface TableLimits {
  /** Rows shown; more are cut in the middle. Default 20. */
  readonly maxRows?: number;
}

// Half-transparent greys and the page's own text colour: readable on a light and on a dark ground.
const CELL = "padding:3px 12px;white-space:nowrap;border-bottom:1px solid rgba(128,128,128,.3);text-align:";
const MUTED = "opacity:.75";

/** The table as HTML: numbers to the right, text to the left. */
export function tableHtml(table: TableRecord, { maxRows = 20 }: TableLimits = {}): string {
  const { rows, left } = shorten(table.rows, maxRows);
  const align = (column: number) => (isNumeric(table, column) ? "right" : "left");
  const head = table.columns
    .map(
      (name, i) =>
        `<th style="${CELL}${align(i)};border-bottom:2px solid rgba(128,128,128,.8)">${escapeHtml(name)}</th>`,
    )
    .join("");
  const line = (row: readonly TableValue[]) =>
    `<tr>${row.map((value, i) => `<td style="${CELL}${align(i)}">${escapeHtml(formatValue(value))}</td>`).join("")}</tr>`;
  const body = rows.map((row) => (row === undefined ? leftOut(left, table.columns.length) : line(row))).join("\n");
  const title = table.title ? `<div style="font-weight:600;padding:4px 0">${escapeHtml(table.title)}</div>` : "";
  const note = table.note ? `<div style="${MUTED};padding:4px 0">${escapeHtml(table.note)}</div>` : "";
  return `<div class="blockwise-table" style="overflow-x:auto">${title}<table style="border-collapse:collapse;margin:0"><thead><tr>${head}</tr></thead><tbody>
${body}
</tbody></table>${note}</div>`;
}

/** The table as text in columns. */
export function tableText(table: TableRecord, { maxRows = 20 }: TableLimits = {}): string {
  const { rows, left } = shorten(table.rows, maxRows);
  const cells = rows.map((row) => row?.map(formatValue));
  const widths = table.columns.map((name, i) =>
    Math.max(name.length, ...cells.map((row) => (row ? row[i].length : 0))),
  );
  const line = (row: readonly string[]) =>
    row
      .map((text, i) => (isNumeric(table, i) ? text.padStart(widths[i]) : text.padEnd(widths[i])))
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

function isNumeric(table: TableRecord, column: number): boolean {
  const values = table.rows.map((row) => row[column]).filter((value) => value !== null && value !== undefined);
  // Counts such as "4.27M" and shares such as "91.3 %" are text, yet read as numbers.
  return (
    values.length > 0 &&
    values.every((value) => typeof value !== "string" || /^[-+\u2212]?[0-9][0-9.,]*( ?(%|[kMG]|ms|s))?$/.test(value))
  );
}

function formatValue(value: TableValue): string {
  if (value === null || value === undefined) return "";
  if (typeof value !== "number" || Number.isInteger(value) || !Number.isFinite(value)) return String(value);
  return Math.abs(value) >= 1e-4 && Math.abs(value) < 1e6
    ? String(Number(value.toPrecision(5)))
    : value.toExponential(3);
}
