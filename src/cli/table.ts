/** Rows as text in columns: the first left-aligned, numbers right-aligned. */
export function textTable(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cells = [
    header,
    ...rows.map((row) => row.map((cell) => (typeof cell === "number" ? groupDigits(cell) : cell))),
  ];
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column].length)));
  const isNumber = header.map((_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === "number"));
  return cells
    .map((row) =>
      row
        .map((cell, column) => (isNumber[column] ? cell.padStart(widths[column]) : cell.padEnd(widths[column])))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** "5_288_548" as "5,288,548". */
export function groupDigits(count: number | bigint): string {
  return count.toLocaleString("en-US");
}
