import { extname } from "node:path";
import { ConfigError, checkOptions, type OptionRules, rule, shown, writeAtomic } from "../core";
import { describeColumns, formatValue, type TableRecord, type TableValue } from "./table";

/** Of a table in LaTeX. */
export interface LatexOptions {
  /** Puts the table into a `table` environment under this caption. */
  readonly caption?: string;
  /** What `\ref` names it by; goes with the caption. */
  readonly label?: string;
}

const LATEX_RULES: OptionRules<LatexOptions> = {
  caption: rule.text,
  label: {
    must: "a name without spaces, braces, commas, #, % and backslashes",
    holds: (value) => typeof value === "string" && /^[^\s{}\\%#,~^&$]+$/.test(value),
  },
};

/**
 * All rows as CSV (RFC 4180, lines end with a line feed): numbers with all their digits, what is not there as nothing.
 */
export function tableCsv({ columns, rows }: Pick<TableRecord, "columns" | "rows">): string {
  const line = (values: readonly TableValue[]) => values.map(csvField).join(",");
  return `${[columns, ...rows.map((row) => columns.map((_, i) => row[i]))].map(line).join("\n")}\n`;
}

function csvField(value: TableValue): string {
  const text = value === null || value === undefined ? "" : String(value);
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replace(/"/g, '""')}"` : text;
}

/**
 * All rows as a `tabular` with booktabs' rules (`\usepackage{booktabs}`), written as the shown table is: numbers at the
 * right, text at the left, every character that means something to LaTeX escaped.
 * @throws ConfigError for a label without a caption.
 */
export function tableLatex(table: TableRecord, options: LatexOptions = {}): string {
  checkOptions("table.latex", options, LATEX_RULES);
  const { caption, label } = options;
  if (label !== undefined && caption === undefined) {
    throw new ConfigError(
      `table.latex: label must come with a caption, which it numbers; got ${shown(label)} alone, add caption`,
    );
  }
  const columns = describeColumns(table);
  const line = (cells: readonly string[]) => `${guarded(cells.map(latexText).join(" & "))} \\\\`;
  const tabular = [
    `\\begin{tabular}{${columns.map(({ isNumeric }) => (isNumeric ? "r" : "l")).join("")}}`,
    "\\toprule",
    line(table.columns),
    "\\midrule",
    ...table.rows.map((row) => line(columns.map((column, i) => formatValue(row[i], column)))),
    "\\bottomrule",
    "\\end{tabular}",
  ];
  const remarks = table.note ? table.note.split("\n").map((text) => `% ${text}`) : [];
  if (caption === undefined) return `${[...remarks, ...tabular].join("\n")}\n`;
  const heading = [
    "\\begin{table}",
    "\\centering",
    `\\caption{${latexText(caption)}}`,
    ...(label === undefined ? [] : [`\\label{${label}}`]),
  ];
  return `${[...remarks, ...heading, ...tabular, "\\end{table}"].join("\n")}\n`;
}

const LATEX: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "{": "\\{",
  "}": "\\}",
  "&": "\\&",
  "%": "\\%",
  $: "\\$",
  "#": "\\#",
  _: "\\_",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "|": "\\textbar{}",
  '"': "''",
  "\u00b1": "$\\pm$",
  "\u00d7": "$\\times$",
  "\u00b7": "$\\cdot$",
  "\u00b2": "$^2$",
  "\u03c4": "$\\tau$",
  "\u03c1": "$\\rho$",
  "\u2013": "--",
  "\u2014": "---",
  "\u2026": "\\ldots{}",
  "\u2212": "$-$",
  "\u2248": "$\\approx$",
  "\u2264": "$\\leq$",
  "\u2265": "$\\geq$",
  "\u2192": "$\\rightarrow$",
};

/** Text as LaTeX prints it; lines become one. */
export function latexText(text: string): string {
  return text.replace(/\s*[\r\n]+\s*/g, " ").replace(/./gsu, (character) => LATEX[character] ?? character);
}

/** A row that begins with a bracket or a star would be an option of the line before it. */
function guarded(line: string): string {
  return /^\s*[[*]/.test(line) ? `{}${line}` : line;
}

const WRITERS: Readonly<Record<string, (table: TableRecord, options: LatexOptions) => string>> = {
  ".csv": (table) => tableCsv(table),
  ".tex": tableLatex,
};

/**
 * Writes a table by the ending of the file's name: `.csv`, or `.tex` for LaTeX. Folders are made.
 * @returns the path.
 * @throws ConfigError for another ending, CheckpointError when it cannot be written.
 */
export function saveTable(table: TableRecord, path: string, options: LatexOptions = {}): string {
  const ending = typeof path === "string" ? extname(path).toLowerCase() : "";
  const write = Object.hasOwn(WRITERS, ending) ? WRITERS[ending] : undefined;
  if (!write) {
    throw new ConfigError(
      `table.save: the file's name must end with ${Object.keys(WRITERS).join(" or ")}, got ${shown(path)}; write e.g. table.save("ratings.csv")`,
    );
  }
  if (ending !== ".tex" && Object.keys(options).length > 0) {
    throw new ConfigError(
      `table.save: ${Object.keys(options).join(", ")} must be given for .tex alone, got ${shown(path)}; leave out the options`,
    );
  }
  writeAtomic(path, write(table, options));
  return path;
}
