/** Of pages: the right end of what scrolls fades where there is more to see; on paper all is there. */
export const MORE_STYLE = `
@media screen{.blockwise-more{-webkit-mask-image:linear-gradient(to left,transparent,#000 36px);mask-image:linear-gradient(to left,transparent,#000 36px)}}
`;

/** Marks what has more to see at its right end, as it scrolls, grows or is drawn. */
export const MORE_SCRIPT = `
(function(){
var d=document,all=function(q){return Array.prototype.slice.call(d.querySelectorAll(q));};
function cue(box){box.classList.toggle("blockwise-more",box.scrollWidth-box.clientWidth-box.scrollLeft>4);}
function look(){all(".blockwise-table,.blockwise-figure,.jp-OutputArea-output,pre,.jp-RenderedMarkdown table").forEach(function(box){
if(!box.blockwiseCue){box.blockwiseCue=true;box.addEventListener("scroll",function(){cue(box);},{passive:true});}
cue(box);});}
look();addEventListener("load",look);addEventListener("resize",look);
if(window.ResizeObserver){var seen=new ResizeObserver(look);all(".blockwise-figure,.blockwise-table").forEach(function(box){seen.observe(box);});}
if(window.MutationObserver)all(".blockwise-figure").forEach(function(box){new MutationObserver(look).observe(box,{childList:true});});
})();
`;
