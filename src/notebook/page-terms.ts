import { escapeHtml } from "../viz/escape-html";
import { formPattern, glossary, type Term } from "./glossary";

const PARAGRAPH = /<(p|li)>([\s\S]*?)<\/\1>/g;
const TABLE = /<table\b[\s\S]*?<\/table>/g;
/** Elements whose words are no prose. */
const NO_PROSE = /<(code|a|math|strong|script|style)\b[\s\S]*?<\/\1>|<[^>]*>/g;

/**
 * The page with the glossary's terms that it uses explained at its end; where words use one first, they lead there.
 */
export function withTerms(html: string): string {
  const used: Term[] = [];
  const waiting = new Map(glossary().map((term) => [term, formPattern(term)]));
  const linked = html.replace(PARAGRAPH, (whole, tag: string, inside: string) => {
    let changed = inside;
    for (const [term, pattern] of waiting) {
      const marked = markFirst(changed, pattern, addressOf(term));
      if (marked === undefined) continue;
      changed = marked;
      used.push(term);
      waiting.delete(term);
    }
    return changed === inside ? whole : `<${tag}>${changed}</${tag}>`;
  });
  const tables = (html.match(TABLE) ?? []).join("\n").replace(/<[^>]*>/g, " ");
  for (const [term, pattern] of waiting) if (pattern.test(tables)) used.push(term);
  if (used.length === 0) return html;
  const order = glossary().map(({ name }) => name);
  const entries = used
    .sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
    .map(
      (term) =>
        `<dt id="${addressOf(term)}">${term.forms.map(escapeHtml).join(", ")}</dt><dd>${inline(term.meaning)}</dd>`,
    );
  const list = `<details class="blockwise-terms"><summary>Terms used here</summary><dl>${entries.join("\n")}</dl></details>\n`;
  return linked.replace(/<\/body>(?![\s\S]*<\/body>)/, () => `${list}</body>`);
}

function addressOf({ name }: Term): string {
  return `term-${name.toLowerCase().replace(/[^a-z0-9]+/g, "-")}`;
}

/** The first occurrence in the prose as a link; undefined where there is none. */
function markFirst(html: string, pattern: RegExp, address: string): string | undefined {
  let at = 0;
  const skipped = [...html.matchAll(NO_PROSE)].map(({ 0: text, index }) => [index, index + text.length] as const);
  for (const [start, end] of [...skipped, [html.length, html.length] as const]) {
    const prose = html.slice(at, start);
    const found = start < at ? null : pattern.exec(prose);
    if (found) {
      const from = at + found.index;
      const to = from + found[0].length;
      return `${html.slice(0, from)}<a class="blockwise-term" href="#${address}">${found[0]}</a>${html.slice(to)}`;
    }
    at = Math.max(at, end);
  }
  return undefined;
}

/** The little markdown that meanings have. */
function inline(markdown: string): string {
  return escapeHtml(markdown)
    .replace(/\*\*([^*]+)\*\*/g, "<b>$1</b>")
    .replace(/(?<![\p{L}\d])_([^_]+)_(?![\p{L}\d])/gu, "<em>$1</em>");
}
