import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../core";

/** A term of `docs/glossary.md`. */
export interface Term {
  /** As it stands there first. */
  readonly name: string;
  /** The name and its other forms. */
  readonly forms: readonly string[];
  /** Markdown without line breaks. */
  readonly meaning: string;
}

/** The terms in their order: paragraphs that begin with the term in bold, other forms behind slashes, then a colon. */
export function glossary(): Term[] {
  const text = readFileSync(join(packageRoot(), "docs", "glossary.md"), "utf8");
  return text.split(/\n\s*\n/).flatMap((paragraph) => {
    const [, name, others = "", meaning] =
      paragraph.replace(/\s*\n\s*/g, " ").match(/^\*\*([^*]+)\*\*((?: \/ [^:/]+)*): (.+)$/) ?? [];
    if (name === undefined) return [];
    const forms = [name, ...others.split(" / ").slice(1)].map((form) => form.trim());
    return [{ name, forms, meaning }];
  });
}

/** Where a term stands in a text: whole words; small and capital letters alike but for abbreviations. */
export function formPattern({ forms }: Term): RegExp {
  const escaped = forms.map((form) => {
    const literal = form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replace(/ /g, "\\s+");
    const isWord = form.length > 3 && form === form[0] + form.slice(1).toLowerCase();
    const first = isWord ? `[${form[0].toLowerCase()}${form[0].toUpperCase()}]${literal.slice(1)}s?` : literal;
    return first;
  });
  return new RegExp(`(?<![\\p{L}\\d_])(?:${escaped.join("|")})(?![\\p{L}\\d_])`, "u");
}
