import { readFileSync } from "node:fs";
import temml from "temml";

/** Code, which is left alone; then `$$...$$`, `\begin{...}...\end{...}` and `$...$`. */
const FORMULA =
  /(```[\s\S]*?```|~~~[\s\S]*?~~~|`+[^`]*?`+)|\$\$([\s\S]+?)\$\$|(\\begin\{(\w+\*?)\}[\s\S]+?\\end\{\4\})|(?<![\\$])\$(?![\s$])((?:\\.|[^$\\\n])+?)(?<!\s)\$(?!\d)/g;

const WORD = /BLOCKWISEFORMULA(\d+)X/g;
/** Of the stylesheet: a file that the page would have to load. */
const FONT = /@font-face\s*\{[^}]*\}/g;

/**
 * TeX in markdown becomes MathML, which browsers draw without any script or font.
 *
 * In two steps, for a markdown converter would take underscores and asterisks of formulas for its own: first words stand
 * for the formulas, and in the converted page the formulas for the words.
 */
export class Formulas {
  private readonly drawn: string[] = [];

  /** Markdown with a word in the place of each formula. */
  takeFrom(markdown: string): string {
    return markdown.replace(FORMULA, (all, code, display, environment, _name, inline) => {
      if (code !== undefined) return all;
      return this.word(display ?? environment ?? inline, inline === undefined);
    });
  }

  /** HTML with the formulas in the place of their words. */
  putInto(html: string): string {
    if (this.drawn.length === 0) return html;
    const style = `<style>${readFileSync(require.resolve("temml/dist/Temml-Local.css"), "utf8").replace(FONT, "")}</style>`;
    return (
      html
        // A heading's text is also its address.
        .replace(/<[^<>]*BLOCKWISEFORMULA[^<>]*>/g, (tag) => tag.replace(WORD, "formula-$1"))
        .replace(WORD, (_, index) => this.drawn[Number(index)])
        .replace("</head>", () => `${style}\n</head>`)
    );
  }

  private word(tex: string, displayMode: boolean): string {
    this.drawn.push(temml.renderToString(tex, { displayMode, annotate: true, throwOnError: false }));
    return `BLOCKWISEFORMULA${this.drawn.length - 1}X`;
  }
}
