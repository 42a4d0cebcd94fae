import { MORE_SCRIPT, MORE_STYLE } from "../viz";

/**
 * What the pages of notebooks add to nbconvert's style: a dark scheme, room on small screens, whole pages on paper.
 *
 * nbconvert lays outputs out as tables, which grow with what they hold; here wide content scrolls within itself.
 */
export const PAGE_STYLE = `
body.jp-Notebook{--jp-cell-prompt-not-active-opacity:1;--jp-cell-prompt-not-active-font-color:#6e6e6e;max-width:1280px;margin:0 auto;padding:16px 24px 48px;box-sizing:border-box;color:var(--jp-content-font-color1)}
.jp-Cell{padding:4px 0}
.jp-InputArea,.jp-OutputArea-child{display:flex;width:100%;overflow:visible}
.jp-InputPrompt,.jp-OutputPrompt,.jp-OutputArea-prompt{display:block;flex:0 0 64px;min-width:0;width:64px;padding-left:0;padding-right:8px;box-sizing:border-box;font-size:11px}
.jp-InputArea-editor,.jp-OutputArea-output,.jp-OutputArea-child .jp-OutputArea-output,.jp-MarkdownOutput{display:block;flex:1 1 0;width:auto;min-width:0;max-width:100%}
.jp-OutputArea-output{overflow-x:auto}
.jp-OutputArea-output pre{white-space:pre-wrap;word-break:normal;overflow-wrap:normal}
.jp-RenderedMarkdown{overflow-wrap:break-word}
.jp-RenderedMarkdown table{display:block;max-width:100%;overflow-x:auto}
.jp-RenderedMarkdown math[display=block]{max-width:100%;overflow-x:auto;overflow-y:hidden}
.jp-RenderedMarkdown pre,.highlight pre{overflow-x:auto}
.jp-RenderedHTMLCommon img{max-width:100%;height:auto}
.blockwise-code>summary{cursor:pointer;font:12px/1.6 Arial,Helvetica,sans-serif;color:var(--jp-content-font-color2);padding:0 4px}
.blockwise-code[open]>summary{opacity:.75}
.blockwise-contents{margin:0 0 12px;font:14px/1.6 Arial,Helvetica,sans-serif}
.blockwise-contents ul{margin:4px 0;padding-left:20px;list-style:none}
.blockwise-contents summary{cursor:pointer;font-weight:600}
.blockwise-contents a{color:var(--jp-content-link-color);text-decoration:none}
.blockwise-contents button{font:inherit;font-size:12px;margin-top:4px;color:inherit;background:none;border:1px solid rgba(128,128,128,.6);border-radius:4px;padding:1px 8px;cursor:pointer}
.blockwise-provenance{font:12px/1.4 Arial,Helvetica,sans-serif;color:var(--jp-content-font-color2);margin:24px 0 0 64px}
.blockwise-terms{margin:24px 0 0 64px;font:13px/1.5 Arial,Helvetica,sans-serif}
.blockwise-terms summary{cursor:pointer;font-weight:600}
.blockwise-terms dt{font-weight:600;margin-top:8px}
.blockwise-terms dd{margin:0 0 0 16px;max-width:80ch}
.blockwise-term{color:inherit!important;text-decoration:underline dotted!important;text-underline-offset:3px}
${MORE_STYLE}
.blockwise-table::-webkit-scrollbar,.blockwise-figure::-webkit-scrollbar,pre::-webkit-scrollbar,.jp-OutputArea-output::-webkit-scrollbar{height:8px}
::-webkit-scrollbar-thumb{background:rgba(128,128,128,.5);border-radius:4px}
@media (max-width:720px){
body.jp-Notebook{padding:8px 10px 32px}
.jp-InputArea,.jp-OutputArea-child{display:block}
.jp-InputPrompt,.jp-OutputPrompt,.jp-OutputArea-prompt{display:block;width:auto;text-align:left;font-size:11px;line-height:1.4;padding:0}
.jp-InputPrompt:empty,.jp-OutputPrompt:empty{display:none}
.jp-MarkdownCell .jp-InputPrompt{display:none}
.jp-RenderedHTMLCommon h1{font-size:24px;line-height:1.25}
.jp-RenderedHTMLCommon h2{font-size:19px;line-height:1.3}
.jp-RenderedMarkdown,.jp-RenderedHTMLCommon{padding-right:0}
.blockwise-provenance,.blockwise-terms{margin-left:0}
}
@media (prefers-color-scheme:dark){@media screen{
html{background:#1e1e1e;color-scheme:dark}
body.jp-Notebook{background:#1e1e1e;
--jp-layout-color0:#1e1e1e;--jp-layout-color1:#1e1e1e;--jp-layout-color2:#2a2a2a;--jp-layout-color3:#3a3a3a;
--jp-ui-font-color0:#fff;--jp-ui-font-color1:#e6e6e6;--jp-ui-font-color2:#b8b8b8;--jp-ui-font-color3:#8f8f8f;
--jp-content-font-color0:#fff;--jp-content-font-color1:#e6e6e6;--jp-content-font-color2:#b8b8b8;--jp-content-font-color3:#8f8f8f;
--jp-content-link-color:#6db7f2;--jp-border-color0:#6b6b6b;--jp-border-color1:#565656;--jp-border-color2:#444;--jp-border-color3:#363636;
--jp-cell-editor-background:#262626;--jp-cell-editor-border-color:#3d3d3d;
--jp-cell-prompt-not-active-font-color:#9a9a9a;--jp-cell-inprompt-font-color:#9a9a9a;--jp-cell-outprompt-font-color:#9a9a9a;
--jp-rendermime-error-background:#4a2323;--jp-rendermime-table-row-background:#262626;--jp-rendermime-table-row-hover-background:#33414d;
--jp-mirror-editor-keyword-color:#7ecb82;--jp-mirror-editor-atom-color:#6db7f2;--jp-mirror-editor-number-color:#7ecb82;
--jp-mirror-editor-def-color:#6db7f2;--jp-mirror-editor-variable-color:#e6e6e6;--jp-mirror-editor-variable-2-color:#6db7f2;
--jp-mirror-editor-variable-3-color:#7ecb82;--jp-mirror-editor-punctuation-color:#a8c8e4;--jp-mirror-editor-property-color:#9accf5;
--jp-mirror-editor-operator-color:#d7a1ff;--jp-mirror-editor-comment-color:#83b0b0;--jp-mirror-editor-string-color:#ff9a8a;
--jp-mirror-editor-string-2-color:#d7a1ff;--jp-mirror-editor-meta-color:#d7a1ff;--jp-mirror-editor-builtin-color:#7ecb82;
--jp-mirror-editor-bracket-color:#b8b8b8;--jp-mirror-editor-tag-color:#7ecb82;--jp-mirror-editor-attribute-color:#6db7f2;
--jp-mirror-editor-error-color:#ff7b72}
.highlight,.jp-InputArea-editor{background:#262626}
.jp-RenderedHTMLCommon code,.jp-RenderedHTMLCommon :not(pre)>code{background:#2f2f2f;color:#e6e6e6}
.jp-RenderedHTMLCommon img[src^="data:image/png"]:not(.blockwise-keep){background:#fff}
}}
@media print{
@page{margin:14mm}
html,body.jp-Notebook{background:#fff;color:#000}
body.jp-Notebook{max-width:none;padding:0}
.jp-InputPrompt,.jp-OutputPrompt,.jp-OutputArea-prompt{flex-basis:56px;width:56px;padding:0 4px 0 0;font-size:8.5px;letter-spacing:0;text-overflow:clip}
.blockwise-provenance{margin-left:0}
.blockwise-contents button{display:none}
.highlight pre,.jp-RenderedMarkdown pre,.jp-OutputArea-output pre{white-space:pre-wrap;overflow-wrap:anywhere;overflow:visible}
.jp-OutputArea-output,.jp-RenderedMarkdown table{overflow:visible}
.jp-RenderedHTMLCommon h1,.jp-RenderedHTMLCommon h2,.jp-RenderedHTMLCommon h3{break-after:avoid}
.jp-OutputArea-child,.blockwise-figure{break-inside:avoid}
}
`;

/** Marks what has more to see at its right end, opens folded code for the printer, folds all code at once. */
export const NOTEBOOK_PAGE_SCRIPT = `${MORE_SCRIPT}
(function(){
var d=document,all=function(q){return Array.prototype.slice.call(d.querySelectorAll(q));};
var code=all(".blockwise-code"),folds=all(".blockwise-code,.blockwise-terms"),closed=[];
all(".blockwise-term").forEach(function(link){link.addEventListener("click",function(){d.querySelector(".blockwise-terms").open=true;});});
addEventListener("beforeprint",function(){closed=folds.filter(function(one){return !one.open;});closed.forEach(function(one){one.open=true;});});
addEventListener("afterprint",function(){closed.forEach(function(one){one.open=false;});});
var button=d.querySelector(".blockwise-contents button");
if(button){button.hidden=false;button.addEventListener("click",function(){
var open=!code.some(function(one){return one.open;});
code.forEach(function(one){one.open=open;});button.textContent=open?"Fold all code":"Unfold all code";});}
})();
`;
