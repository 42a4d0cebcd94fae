import { escapeHtml } from "./escape-html";
import type { Figure } from "./figure";
import { figureHtml } from "./figure-html";
import { MORE_SCRIPT, MORE_STYLE } from "./more-to-see";
import { staticSvg } from "./static-svg";
import { type TableRecord, tableHtml } from "./table";

/** One part of a page: a heading with words, tables and figures below it. */
export interface PageSection {
  readonly heading: string;
  readonly words?: string;
  readonly tables?: readonly TableRecord[];
  readonly figures?: readonly Figure[];
}

/** A whole HTML page that needs no other file: plotly stands in it once, and each figure has its static picture. */
export async function selfContainedPage(title: string, sections: readonly PageSection[]): Promise<string> {
  let carriesPlotly = true;
  const parts: string[] = [];
  for (const [i, { heading, words, tables = [], figures = [] }] of sections.entries()) {
    parts.push(`<h2 id="section-${i + 1}">${escapeHtml(heading)}</h2>`);
    if (words) parts.push(`<p>${escapeHtml(words)}</p>`);
    parts.push(...tables.map((table) => tableHtml(table)));
    for (const figure of figures) {
      parts.push(`<figure>${figureHtml(figure, { svg: await staticSvg(figure), carriesPlotly })}</figure>`);
      carriesPlotly = false;
    }
  }
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>
body{font:15px/1.5 Arial,Helvetica,"DejaVu Sans",sans-serif;color:#262626;max-width:1280px;margin:24px auto;padding:0 20px}
h1{font-size:24px}h2{font-size:18px;margin-top:32px;border-bottom:1px solid #e5e5e5}
@media (prefers-color-scheme:dark){body{background:#1e1e1e;color:#e6e6e6}h2{border-color:#3d3d3d}}
@media print{@page{margin:14mm}body{margin:0;max-width:none;background:#fff;color:#000}h2{break-after:avoid}figure,tr{break-inside:avoid}}
nav ul{margin:4px 0;padding-left:20px;list-style:none}nav summary{cursor:pointer;font-weight:600}nav a{text-decoration:none}
p{overflow-wrap:break-word}figure{margin:12px 0}table{font-size:13px}.blockwise-table{margin:12px 0}
.blockwise-table::-webkit-scrollbar,.blockwise-figure::-webkit-scrollbar{height:8px}
::-webkit-scrollbar-thumb{background:rgba(128,128,128,.5);border-radius:4px}
${MORE_STYLE}</style></head><body>
<h1>${escapeHtml(title)}</h1>
${contents(sections)}${parts.join("\n")}
<script>${MORE_SCRIPT}</script>
</body></html>
`;
}

/** A list of the sections of a page that has several. */
function contents(sections: readonly PageSection[]): string {
  if (sections.length < 3) return "";
  const list = sections.map(({ heading }, i) => `<li><a href="#section-${i + 1}">${escapeHtml(heading)}</a></li>`);
  return `<nav><details open><summary>Contents</summary><ul>${list.join("")}</ul></details></nav>\n`;
}
