import { createHash } from "node:crypto";
import { escapeHtml } from "./escape-html";
import type { Figure } from "./figure";
import { needsWholePlotly } from "./foreign-figure";
import { PLOTLY_FILE, plotlyElement, WHOLE_PLOTLY_FILE } from "./plotly-script";
import { DARK_COLOURS } from "./theme";

/** How plotly behaves in a page: fixed size, and only the buttons that help to read a figure. */
export const PLOTLY_CONFIG = {
  displaylogo: false,
  responsive: false,
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d", "toImage"]],
};

/** Of pages with figures: on paper a figure is its static picture, which shrinks to the paper's width. */
export const FIGURE_STYLE = `
.blockwise-figure[data-drawn]>img{display:none}
@media print{
.blockwise-figure{overflow:visible!important;width:auto!important}
.blockwise-figure[data-drawn]>img{display:block}
.blockwise-figure[data-drawn]>img~.blockwise-plot{display:none}
.blockwise-table{overflow:visible!important}
.blockwise-table th,.blockwise-table td{white-space:normal!important;padding:2px 6px!important;font-size:10px}
}
`;

export interface FigureHtmlOptions {
  /** The static picture that is seen until (and unless) plotly runs. */
  svg?: string;
  /** Whether this figure brings plotly along; one a page is enough. */
  carriesPlotly: boolean;
}

/**
 * The figure as a piece of HTML that draws itself, in dark colours on a dark ground.
 *
 * It takes plotly from the page, from any figure of the page that carries it, or from the folder of the kernel that a
 * running Jupyter server offers; without any of them the static picture stays.
 */
export function figureHtml(figure: Figure, { svg, carriesPlotly }: FigureHtmlOptions): string {
  const json = JSON.stringify(figure);
  const id = `blockwise-${createHash("sha256").update(json).digest("hex").slice(0, 12)}`;
  const { width, height } = figure.layout;
  const picture = svg
    ? `<img alt="${escapeHtml(figureTitle(figure))}" width="${width}" height="${height}" style="max-width:100%;height:auto" src="${svgUrl(svg)}">`
    : `<em>${escapeHtml(figureTitle(figure) || "figure")}: drawn where a Jupyter server with this kernel runs</em>`;
  const carried = carriesPlotly ? plotlyElement() : "";
  return `${carried}<div class="blockwise-figure ${id}" style="width:${width}px;max-width:100%;overflow-x:auto">${picture}</div>
<script>${LOADER}("${id}",${inScript(json)},${needsWholePlotly(figure)});</script>`;
}

/** The first line of a figure's title, without markup. */
export function figureTitle(figure: Figure): string {
  return figure.layout.title.text.split("<br>")[0].replace(/<[^>]*>/g, "");
}

/** An address that is the picture itself; a third shorter than base64. */
function svgUrl(svg: string): string {
  return `data:image/svg+xml,${escapeHtml(svg.replace(/[%#\n]/g, encodeURIComponent))}`;
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
const LOADER = `(function(id,figure,whole){
var w=window,d=document;
function run(code){var m={exports:{}};new Function("module","exports","define",code).call(w,m,m.exports,undefined);return w.Plotly=m.exports;}
function unpack(text){
var bytes=Uint8Array.from(atob(text),function(c){return c.charCodeAt(0);});
return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"))).text().then(run);}
function server(file){
var lab=d.getElementById("jupyter-config-data"),base=d.body.getAttribute("data-base-url");
if(lab)try{base=JSON.parse(lab.textContent).baseUrl;}catch(e){}
if(!base)return Promise.reject(new Error("no plotly on this page"));
return fetch(base+"kernelspecs/blockwise/"+file).then(function(r){if(!r.ok)throw new Error("no plotly at the server");return r.text();}).then(run);}
function load(){
if(whole){
if(!w.blockwisePlotlyWhole)w.blockwisePlotlyWhole=server("${WHOLE_PLOTLY_FILE}").catch(function(e){w.blockwisePlotlyWhole=null;throw e;});
return w.blockwisePlotlyWhole;}
if(w.Plotly&&w.Plotly.newPlot)return Promise.resolve(w.Plotly);
if(!w.blockwisePlotly)w.blockwisePlotly=(w.blockwisePlotlyPacked?unpack(w.blockwisePlotlyPacked):server("${PLOTLY_FILE}")).catch(function(e){w.blockwisePlotly=null;throw e;});
return w.blockwisePlotly;}
function isDark(box){
for(var at=box;at;at=at.parentElement){
var c=(getComputedStyle(at).backgroundColor.match(/[\\d.]+/g)||[]).map(Number);
if(c.length>2&&(c.length===3||c[3]>0.5))return 0.299*c[0]+0.587*c[1]+0.114*c[2]<110;}
return false;}
function themed(dark){
var text=JSON.stringify(figure),map=${JSON.stringify(DARK_COLOURS)};
if(dark)text=text.replace(/#[0-9A-Fa-f]{6}/g,function(c){return map[c.toUpperCase()]||c;});
var f=JSON.parse(text),l=f.layout;
if(dark){
l.paper_bgcolor=l.plot_bgcolor="rgba(0,0,0,0)";
var ax={gridcolor:"#3D3D3D",zerolinecolor:"#5A5A5A",linecolor:"#A0A0A0"};
l.template=l.template||{layout:{font:{color:"#E6E6E6"},xaxis:ax,yaxis:ax}};
l.modebar={color:"#A0A0A0",activecolor:"#E6E6E6",bgcolor:"rgba(0,0,0,0)"};}
return f;}
function draw(tries){
load().then(function(plotly){
if(!d.getElementById("blockwise-figure-style")){var s=d.createElement("style");s.id="blockwise-figure-style";s.textContent=${JSON.stringify(FIGURE_STYLE)};d.head.appendChild(s);}
Array.prototype.forEach.call(d.getElementsByClassName(id),function(box){
if(box.getAttribute("data-drawn"))return;
var dark=isDark(box),f=themed(dark);
box.setAttribute("data-drawn",dark?"dark":"light");
var plot=d.createElement("div");plot.className="blockwise-plot";
Array.prototype.slice.call(box.childNodes).forEach(function(n){if(n.tagName!=="IMG")box.removeChild(n);});
box.appendChild(plot);
var drawn=plotly.newPlot(plot,f.data,f.layout,${JSON.stringify(PLOTLY_CONFIG)});
if(f.frames)drawn.then(function(){plotly.addFrames(plot,f.frames);});
function look(){
if(!box.isConnected||isDark(box)===dark)return;
dark=!dark;box.setAttribute("data-drawn",dark?"dark":"light");f=themed(dark);plotly.react(plot,f.data,f.layout);}
if(w.matchMedia){var q=w.matchMedia("(prefers-color-scheme: dark)");if(q.addEventListener)q.addEventListener("change",look);}
new MutationObserver(function(){setTimeout(look,200);}).observe(d.body,{attributes:true,attributeFilter:["class","data-jp-theme-name","data-jp-theme-light","data-vscode-theme-kind"]});
});
},function(){if(tries>0)setTimeout(function(){draw(tries-1);},500);});}
draw(10);
})`;
