import { spawnSync } from "node:child_process";
import { ConfigError } from "../core";
import { escapeHtml } from "../viz/escape-html";
import type { Figure } from "../viz/figure";
import { FIGURE_STYLE, figureHtml } from "../viz/figure-html";
import { plotlyElement, withoutPlotly } from "../viz/plotly-script";
import { Formulas } from "./formulas";
import { jupyterPython } from "./jupyter-python";
import type { CellOutput, Notebook } from "./notebook-file";
import { withContents, withFolds } from "./page-contents";
import { PagePictures } from "./page-pictures";
import { NOTEBOOK_PAGE_SCRIPT, PAGE_STYLE } from "./page-style";
import { withTerms } from "./page-terms";
import { notebookProvenance, provenanceLine } from "./provenance";

/** Room for the page of a large notebook. */
const LARGEST_PAGE = 2 ** 29;

export interface NotebookPage {
  readonly html: string;
  /** Addresses of pictures that could not be put into the page. */
  readonly missing: readonly string[];
}

export interface NotebookPageOptions {
  readonly title: string;
  /** Where the notebook's relative pictures lie. */
  readonly folder: string;
  /** Whether code is folded until a reader unfolds it. */
  readonly foldCode?: boolean;
}

/**
 * One HTML page that needs nothing else: plotly stands in it once, formulas are MathML, pictures are inlined, and the
 * scripts that the template of nbconvert would load from the network are left out. It is dark where its reader prefers
 * dark, wide tables and figures scroll within themselves, and it prints whole.
 * @throws ConfigError when nbconvert is absent or fails.
 */
export function notebookPage(
  notebook: Notebook,
  { title, folder, foldCode = false }: NotebookPageOptions,
): NotebookPage {
  const formulas = new Formulas();
  const pictures = new PagePictures(folder);
  const provenance = notebookProvenance(notebook);
  const prepared: Notebook = {
    ...notebook,
    metadata: { ...notebook.metadata, title },
    cells: notebook.cells.map((cell) => {
      const { attachments: _, ...kept } = cell;
      return {
        ...kept,
        ...(cell.cell_type === "markdown" && { source: formulas.takeFrom(pictures.takeAttachments(cell)) }),
        ...(cell.outputs && { outputs: cell.outputs.map((output) => prepareOutput(output, formulas)) }),
      } as Notebook["cells"][number];
    }),
  };
  let html = convert(prepared)
    .replace(/<script[^>]*\bsrc="(?:https?:|file:|\/\/)[^"]*"[^>]*>\s*<\/script>/g, "")
    .replace(/<link[^>]*\bhref="(?:https?:|file:|\/\/)[^"]*"[^>]*\/?>/g, "")
    .replace(/<script type="text\/x-mathjax-config">[\s\S]*?<\/script>/g, "");
  html = pictures.putInto(formulas.putInto(html));
  html = withTerms(withContents(withFolds(html, foldCode), foldCode));
  // Figures name the place where plotly waits for them.
  const hasFigures = html.includes("blockwisePlotlyPacked");
  html = withoutPlotly(html);
  if (hasFigures) html = html.replace(/<body[^>]*>/, (body) => `${body}\n${plotlyElement()}`);
  const line = provenance && `<p class="blockwise-provenance">${escapeHtml(provenanceLine(provenance))}</p>\n`;
  html = html
    .replace("</head>", () => `${PAGE_HEAD}</head>`)
    .replace(/<\/body>(?![\s\S]*<\/body>)/, () => `${line ?? ""}<script>${NOTEBOOK_PAGE_SCRIPT}</script>\n</body>`);
  return { html, missing: pictures.missing };
}

const PAGE_HEAD = `<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<style>${PAGE_STYLE}${FIGURE_STYLE}</style>
`;

/** Figures as this version draws them, whatever version stored them; LaTeX as formulas. */
function prepareOutput(output: CellOutput, formulas: Formulas): CellOutput {
  const { data } = output;
  if (!data) return output;
  const latex = data["text/latex"];
  if (typeof latex === "string" && !("text/html" in data)) {
    return { ...output, data: { ...data, "text/html": formulas.takeFrom(latex) } };
  }
  const figure = data["application/vnd.plotly.v1+json"] as Figure | undefined;
  const isOurs = typeof data["text/html"] === "string" && data["text/html"].includes("blockwise-figure");
  if (!isOurs || !figure?.layout?.title?.text) return output;
  const svg = data["image/svg+xml"];
  const html = figureHtml(
    { data: figure.data, layout: figure.layout },
    { carriesPlotly: false, svg: typeof svg === "string" ? svg : undefined },
  );
  return { ...output, data: { ...data, "text/html": html } };
}

function convert(notebook: Notebook): string {
  const { status, stdout, stderr, error } = spawnSync(
    jupyterPython(),
    ["-m", "nbconvert", "--to", "html", "--stdin", "--stdout", "--log-level", "ERROR"],
    { input: JSON.stringify(notebook), encoding: "utf8", maxBuffer: LARGEST_PAGE },
  );
  if (status === 0) return stdout;
  const reason = error?.message ?? stderr.trim().split("\n").at(-1);
  throw new ConfigError(
    `notebook html: nbconvert must convert the notebook, got ${reason}; look whether Jupyter opens it`,
  );
}
