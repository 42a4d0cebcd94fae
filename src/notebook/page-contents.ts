const HEADING = /<h([1-3]) id="([^"]*)">([\s\S]*?)<\/h\1>/g;
/** Code of a cell; fenced code of markdown has no language in its class. */
const CODE = /<div class="\s*highlight hl-[^"]*">\s*<pre>([\s\S]*?)<\/pre>\s*<\/div>/g;
const ANCHOR = /<a class="anchor-link"[\s\S]*?<\/a>/g;

/** The page with its code in parts that fold, open unless told otherwise. */
export function withFolds(html: string, folded = false): string {
  return html.replace(CODE, (code, inside: string) => {
    const lines = inside
      .replace(/<[^>]*>/g, "")
      .trim()
      .split("\n").length;
    const words = `code, ${lines} line${lines === 1 ? "" : "s"}`;
    return `<details class="blockwise-code"${folded ? "" : " open"}><summary>${words}</summary>${code}</details>`;
  });
}

/**
 * The page with a list of its sections below the first title, and a button for all of its code; headings of equal words
 * get addresses of their own.
 */
export function withContents(html: string, folded = false): string {
  const seen = new Map<string, number>();
  const entries: { level: number; id: string; words: string }[] = [];
  const addressed = html.replace(HEADING, (_, level: string, given: string, words: string) => {
    const count = (seen.get(given) ?? 0) + 1;
    seen.set(given, count);
    const id = count === 1 ? given : `${given}-${count}`;
    const clean = words.replace(ANCHOR, "").replace(/<annotation[\s\S]*?<\/annotation>/g, "");
    entries.push({
      level: Number(level),
      id,
      words: clean.replace(/<\/?(?!\/?m[a-z]+\b|\/?code\b|\/?em\b)[a-z][^>]*>/g, ""),
    });
    return `<h${level} id="${id}">${words}</h${level}>`;
  });
  const sections = entries.filter(({ level }) => level > 1);
  const list = sections.map(
    ({ level, id, words }) =>
      `<li style="padding-left:${16 * (level - 2)}px"><a href="#${encodeURI(id)}">${words}</a></li>`,
  );
  const hasCode = addressed.includes('class="blockwise-code"');
  if (sections.length < 2 && !hasCode) return addressed;
  const contents =
    sections.length < 2 ? "" : `<details open><summary>Contents</summary><ul>${list.join("\n")}</ul></details>`;
  const button = hasCode ? `<button type="button" hidden>${folded ? "Unfold" : "Fold"} all code</button>` : "";
  const nav = `<nav class="blockwise-contents">${contents}${button}</nav>`;
  const [title] = entries;
  const place = title?.level === 1 ? /<\/h1>/ : /<body[^>]*>/;
  return addressed.replace(place, (before) => `${before}\n${nav}`);
}
