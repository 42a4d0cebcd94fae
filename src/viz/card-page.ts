import { escapeHtml } from "./escape-html";
import type { Figure } from "./figure";
import { staticSvg } from "./static-svg";
import { type TableRecord, tableHtml } from "./table";

/** Rows of a table on a card: those of the deepest published networks. */
const MOST_ROWS = 500;

/** A small HTML page that needs no script and no other file: a title, one static picture, tables. */
export async function cardPage(title: string, figure: Figure, tables: readonly TableRecord[]): Promise<string> {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
body{font:15px/1.5 Arial,Helvetica,"DejaVu Sans",sans-serif;color:#262626;max-width:1100px;margin:24px auto;padding:0 20px}
h1{font-size:22px}figure{margin:12px 0;overflow-x:auto}table{font-size:13px}.blockwise-table{margin:12px 0}
@media (prefers-color-scheme:dark){body{background:#1e1e1e;color:#e6e6e6}}
@media print{body{margin:0;max-width:none;background:#fff;color:#000}tr{break-inside:avoid}}
</style></head><body>
<h1>${escapeHtml(title)}</h1>
<figure>${await staticSvg(figure)}</figure>
${tables.map((table) => tableHtml(table, { maxRows: MOST_ROWS })).join("\n")}
</body></html>
`;
}
