import { createHash } from "node:crypto";
import { escapeHtml } from "./escape-html";
import type { Figure } from "./figure";
import { PLOTLY_FILE, packedPlotly } from "./plotly-script";

/** How plotly behaves in a page: fixed size, and only the buttons that help to read a figure. */
export const PLOTLY_CONFIG = {
  displaylogo: false,
  responsive: false,
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
};

export interface FigureHtmlOptions {
  /** The static picture that is seen until (and unless) plotly runs. */
  svg?: string;
  /** Whether this figure brings plotly along; one a page is enough. */
  carriesPlotly: boolean;
}

/**
 * The figure as a piece of HTML that draws itself.
 *
 * It takes plotly from the page, from any figure of the page that carries it, or from the folder of the kernel that a
 * running Jupyter server offers; without any of them the static picture stays.
 */
export function figureHtml(figure: Figure, { svg, carriesPlotly }: FigureHtmlOptions): string {
  const json = JSON.stringify(figure);
  const id = `blockwise-${createHash("sha256").update(json).digest("hex").slice(0, 12)}`;
  const { width, height } = figure.layout;
  const picture = svg
    ? `<img alt="${escapeHtml(figureTitle(figure))}" width="${width}" height="${height}" style="max-width:100%;height:auto" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`
    : "";
  const carried = carriesPlotly ? `<script>window.blockwisePlotlyPacked="${packedPlotly()}";</script>\n` : "";
  return `${carried}<div class="${id}" style="width:${width}px;max-width:100%;overflow-x:auto">${picture}</div>
<script>${LOADER}("${id}",${inScript(json)});</script>`;
}

/** The first line of a figure's title, without markup. */
export function figureTitle(figure: Figure): string {
  return figure.layout.title.text.split("<br>")[0].replace(/<[^>]*>/g, "");
}

/** JSON that may stand inside a script element. */
function inScript(json: string): string {
  return json
    .replace(/</g, "\\u003c")
    .replace(/\u2028/g, "\\u2028")
    .replace(/\u2029/g, "\\u2029");
}

// Plain JavaScript for the page. `define`, `module` and `exports` are hidden from plotly while it loads: in the classic
// notebook they belong to require.js, which would keep plotly for itself.
const LOADER = `(function(id,figure){
var w=window;
function run(code){var m={exports:{}};new Function("module","exports","define",code).call(w,m,m.exports,undefined);return w.Plotly=m.exports;}
function unpack(text){
var bytes=Uint8Array.from(atob(text),function(c){return c.charCodeAt(0);});
return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text().then(run);}
function server(){
var lab=document.getElementById("jupyter-config-data"),base=document.body.getAttribute("data-base-url");
if(lab)try{base=JSON.parse(lab.textContent).baseUrl;}catch(e){}
if(!base)return Promise.reject(new Error("no plotly on this page"));
return fetch(base+"kernelspecs/blockwise/${PLOTLY_FILE}").then(function(r){if(!r.ok)throw new Error("no plotly at the server");return r.text();}).then(run);}
function load(){
if(w.Plotly&&w.Plotly.newPlot)return Promise.resolve(w.Plotly);
if(!w.blockwisePlotly)w.blockwisePlotly=(w.blockwisePlotlyPacked?unpack(w.blockwisePlotlyPacked):server()).catch(function(e){w.blockwisePlotly=null;throw e;});
return w.blockwisePlotly;}
function draw(tries){
load().then(function(plotly){
Array.prototype.forEach.call(document.getElementsByClassName(id),function(box){
if(box.getAttribute("data-drawn"))return;box.setAttribute("data-drawn","yes");box.textContent="";
plotly.newPlot(box,figure.data,figure.layout,${JSON.stringify(PLOTLY_CONFIG)});});
},function(){if(tries>0)setTimeout(function(){draw(tries-1);},500);});}
draw(10);
})`;
