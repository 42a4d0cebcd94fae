/** Of pages: the right end of what scrolls fades where there is more to see; on paper all is there, small if need be. */
export const MORE_STYLE = `
@media screen{.blockwise-more{-webkit-mask-image:linear-gradient(to left,transparent,#000 36px);mask-image:linear-gradient(to left,transparent,#000 36px)}}
@media print{
:is(.blockwise-table,.jp-OutputArea-output,.jp-RenderedMarkdown) table{display:table!important;font-size:10px!important;zoom:var(--blockwise-zoom,1)}
:is(.blockwise-table,.jp-OutputArea-output,.jp-RenderedMarkdown) :is(th,td){white-space:normal!important;padding:2px 6px!important;font-size:10px!important}
:is(.blockwise-table,.jp-OutputArea-output,.jp-RenderedMarkdown) td[style*="text-align:right"]{white-space:nowrap!important}
}
.blockwise-paper{position:absolute;visibility:hidden;width:600px;overflow:hidden}
.blockwise-paper table{display:table!important;font-size:10px!important}
.blockwise-paper :is(th,td){white-space:normal!important;padding:2px 6px!important;font-size:10px!important}
.blockwise-paper td[style*="text-align:right"]{white-space:nowrap!important}
`;

/**
 * Marks what has more to see at its right end, as it scrolls, grows or is drawn; on paper, tables that are wider than a
 * page of A4 (600 pixels beside the prompts) shrink to it.
 */
export const MORE_SCRIPT = `
(function(){
var d=document,all=function(q){return Array.prototype.slice.call(d.querySelectorAll(q));};
function cue(box){box.classList.toggle("blockwise-more",box.scrollWidth-box.clientWidth-box.scrollLeft>4);}
function look(){all(".blockwise-table,.blockwise-figure,.jp-OutputArea-output,pre,.jp-RenderedMarkdown table").forEach(function(box){
if(!box.blockwiseCue){box.blockwiseCue=true;box.addEventListener("scroll",function(){cue(box);},{passive:true});}
cue(box);});}
function shrink(){all(".blockwise-table table,.jp-OutputArea-output table,.jp-RenderedMarkdown table").forEach(function(table){
var paper=d.createElement("div");paper.className="blockwise-paper";paper.appendChild(table.cloneNode(true));
table.parentNode.appendChild(paper);var wide=paper.scrollWidth;table.parentNode.removeChild(paper);
if(wide>600)table.style.setProperty("--blockwise-zoom",String(590/wide));});}
addEventListener("load",shrink);addEventListener("beforeprint",shrink);
look();addEventListener("load",look);addEventListener("resize",look);
if(window.ResizeObserver){var seen=new ResizeObserver(look);all(".blockwise-figure,.blockwise-table").forEach(function(box){seen.observe(box);});}
if(window.MutationObserver)all(".blockwise-figure").forEach(function(box){new MutationObserver(look).observe(box,{childList:true});});
})();
`;
