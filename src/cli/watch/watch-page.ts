import { basename } from "node:path";
import { escapeHtml } from "../../viz";

/** The page of a run that is watched; all that moves in it comes by `WATCH_SCRIPT`. */
export function watchPage(path: string, token: string): string {
  const name = escapeHtml(basename(path));
  const script = (file: string) => `<script src="/${file}?token=${token}" defer></script>`;
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${name}</title>
<style>${STYLE}</style></head><body>
<header><h1>${name}</h1><span id="state" role="status">connecting</span></header>
<p id="summary"></p>
<p id="message" hidden></p>
<ol id="steps" aria-label="steps"></ol>
<main>
<section><h2>Tasks</h2><div id="tasks"></div></section>
<section><h2>Losses</h2><label>of <select id="of"></select></label><div id="losses" class="figure"></div></section>
<section><h2>Networks that are trained</h2><p class="note" id="of-accuracy"></p><div id="networks" class="figure"></div></section>
<section><h2>Predicted front</h2><p class="note">Ratings summed over blocks, lower is better: no network has a lower one for fewer multiply-adds.</p><div id="front" class="figure"></div></section>
</main>
<noscript><p>The run is followed by JavaScript, which must be on. <code>npx blockwise status</code> tells the same as text.</p></noscript>
${script("plotly.js")}${script("watch.js")}
</body></html>
`;
}

const STYLE = `
:root{--text:#262626;--muted:#595959;--ground:#fff;--panel:#f7f7f7;--line:#d9d9d9;--grid:#e5e5e5;--bar:#0072b2;--done:#00795a;--bad:#b34700}
@media (prefers-color-scheme:dark){:root{--text:#e6e6e6;--muted:#b8b8b8;--ground:#1e1e1e;--panel:#272727;--line:#454545;--grid:#3d3d3d;--bar:#4fa8e0;--done:#2dbe95;--bad:#f07f3c}}
*{box-sizing:border-box}
body{font:15px/1.5 Arial,Helvetica,"DejaVu Sans",sans-serif;color:var(--text);background:var(--ground);max-width:1280px;margin:0 auto;padding:16px 20px 40px}
header{display:flex;gap:12px;align-items:baseline;flex-wrap:wrap}
h1{font-size:22px;margin:0;overflow-wrap:anywhere}
#state{font-weight:600;color:var(--muted)}#state.running{color:var(--bar)}#state.done{color:var(--done)}#state.failed,#state.killed{color:var(--bad)}
p{margin:6px 0;overflow-wrap:anywhere}.note{color:var(--muted);font-size:13px}#message{color:var(--bad)}
#steps{list-style:none;display:flex;flex-wrap:wrap;gap:6px;padding:0;margin:12px 0}
#steps li{border:1px solid var(--line);border-radius:4px;padding:1px 8px;font-size:13px;color:var(--muted)}
#steps li.done{border-color:var(--done);color:var(--text)}#steps li.now{border-color:var(--bar);color:var(--text);font-weight:600}
main{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:20px}
section{background:var(--panel);border:1px solid var(--line);border-radius:6px;padding:12px 14px;min-width:0}
h2{font-size:16px;margin:0 0 8px}
.task{margin:0 0 12px}.task.past{color:var(--muted)}
.words{display:flex;justify-content:space-between;gap:12px;flex-wrap:wrap;font-size:14px}.facts{color:var(--muted);font-size:13px}
progress{display:block;width:100%;height:8px;appearance:none;border:0;border-radius:4px;overflow:hidden;background:var(--line)}
progress::-webkit-progress-bar{background:var(--line)}progress::-webkit-progress-value{background:var(--bar)}progress::-moz-progress-bar{background:var(--bar)}
.past progress::-webkit-progress-value{background:var(--done)}.past progress::-moz-progress-bar{background:var(--done)}
.within{margin:8px 0 0 12px;display:grid;grid-template-columns:repeat(auto-fill,minmax(210px,1fr));gap:6px 16px}
.within progress{height:5px}
.figure{width:100%;height:320px}.figure:empty{height:auto}
select{font:inherit;max-width:100%;color:inherit;background:var(--ground);border:1px solid var(--line);border-radius:4px;padding:2px 4px}
@media (max-width:820px){main{grid-template-columns:minmax(0,1fr)}body{padding:12px 12px 32px}.figure{height:280px}}
`;
