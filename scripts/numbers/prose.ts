import { readFileSync } from "node:fs";
import { readNotebook } from "../../src/notebook";

/** A number as it stands in prose. */
export interface NumberInProse {
  readonly text: string;
  /** Where it begins in the prose. */
  readonly at: number;
}

/** What has digits and states nothing: code, formulas, addresses, citations, names, places in a text. */
const NO_STATEMENT: readonly RegExp[] = [
  /```[\s\S]*?```/g,
  /`[^`\n]*`/g,
  /\$\$[\s\S]*?\$\$/g,
  /\$[^$\n]*\$/g,
  /<!--[\s\S]*?-->/g,
  /\]\([^)]*\)/g,
  /https?:\/\/\S+|\bgithub\.com\/\S+/g,
  /\barXiv \d{4}\.\d{4,5}/g,
  // A year after a venue or in a citation.
  /\b(?:[A-Z][A-Za-z]+,? |et al\., )(?:19|20)\d\d\b/g,
  // Places: headings, sections, notebooks, equations, strategies.
  /^#+ \d+(?:\.\d+)*\.?/gm,
  /\b(?:[Ss]ections?|[Nn]otebooks?|eq\.|[Tt]able|[Ff]igure) \d+(?:\.\d+)*(?:(?:, | and | to )\d+(?:\.\d+)*)*/g,
  // Which block, layer, stage, seed or K is meant.
  /\b(?:[Bb]locks?|[Ll]ayers?|[Ss]tages?|[Ss]eeds?) \d+(?:(?:, | and | to |-)\d+)*/g,
  /\bK = \d+(?:(?:, | and )\d+)*/g,
  // Versions of programs.
  /\b(?:Node|Debian|TypeScript|PyTorch|libtorch|Jupyter|JupyterLab|Zen|Apache)[ -]\d+(?:\.\d+)*/g,
  // Sizes of images and maps.
  /\b\d+x\d+(?:x\d+)*\b/g,
];

/** A number: 3,969; 0.643; 2e17; 5.18x; not the digits of a name such as CIFAR-10, B0, 51st. */
const NUMBER = /(?<![\w.,-])[-+]?\d+(?:,\d{3})*(?:\.\d+)?(?:e\d+)?(?=x?(?![\w-]|\.\d))/g;

/** A file's prose: all of a Markdown file, the Markdown cells of a notebook. */
export function proseOf(path: string): string {
  if (!path.endsWith(".ipynb")) return readFileSync(path, "utf8");
  const { cells } = readNotebook(path);
  return cells.flatMap(({ cell_type, source }) => (cell_type === "markdown" ? [source] : [])).join("\n\n");
}

/** The numbers of a text that may state something; places in the text are kept. */
export function numbersIn(prose: string): NumberInProse[] {
  const blanked = NO_STATEMENT.reduce(
    (text, pattern) => text.replace(pattern, (match) => match.replace(/[^\n]/g, " ")),
    prose,
  );
  return [...blanked.matchAll(NUMBER)].map(({ 0: text, index = 0 }) => ({ text, at: index }));
}
