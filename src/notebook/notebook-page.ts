import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { extname, resolve } from "node:path";
import { ConfigError } from "../core";
import { escapeHtml } from "../viz/escape-html";
import { plotlyElement, withoutPlotly } from "../viz/plotly-script";
import { Formulas } from "./formulas";
import { jupyterPython } from "./jupyter-python";
import type { Notebook } from "./notebook-file";
import { provenanceLine, provenanceOf } from "./provenance";

const IMAGE_TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".svg": "image/svg+xml",
};

/** Room for the page of a large notebook. */
const LARGEST_PAGE = 2 ** 29;

export interface NotebookPage {
  readonly html: string;
  /** Addresses of pictures that could not be put into the page. */
  readonly missing: readonly string[];
}

/**
 * One HTML page that needs nothing else: plotly stands in it once, formulas are MathML, pictures are inlined, and the
 * scripts that the template of nbconvert would load from the network are left out.
 * @param folder Where the notebook's relative pictures lie.
 * @throws ConfigError when nbconvert is absent or fails.
 */
export function notebookPage(notebook: Notebook, { title, folder }: { title: string; folder: string }): NotebookPage {
  const formulas = new Formulas();
  const provenance = provenanceOf(notebook);
  const prepared: Notebook = {
    ...notebook,
    metadata: { ...notebook.metadata, title },
    cells: notebook.cells.map((cell) => ({
      ...cell,
      ...(cell.cell_type === "markdown" && { source: formulas.takeFrom(cell.source) }),
      ...(cell.outputs && {
        outputs: cell.outputs.map((output) => {
          const latex = output.data?.["text/latex"];
          if (typeof latex !== "string" || "text/html" in output.data!) return output;
          return { ...output, data: { ...output.data, "text/html": formulas.takeFrom(latex) } };
        }),
      }),
    })),
  };
  const missing: string[] = [];
  let html = convert(prepared)
    .replace(/<script[^>]*\bsrc="(?:https?:|file:|\/\/)[^"]*"[^>]*>\s*<\/script>/g, "")
    .replace(/<link[^>]*\bhref="(?:https?:|file:|\/\/)[^"]*"[^>]*\/?>/g, "")
    .replace(/<script type="text\/x-mathjax-config">[\s\S]*?<\/script>/g, "");
  html = inlineImages(formulas.putInto(html), folder, missing);
  // Figures name the place where plotly waits for them.
  const hasFigures = html.includes("blockwisePlotlyPacked");
  html = withoutPlotly(html);
  if (hasFigures) html = html.replace(/<body[^>]*>/, (body) => `${body}\n${plotlyElement()}`);
  if (provenance) {
    const line = `<p style="font:12px/1.4 Arial,Helvetica,sans-serif;color:#595959;margin:24px">${escapeHtml(provenanceLine(provenance))}</p>`;
    html = html.replace(/<\/body>(?![\s\S]*<\/body>)/, () => `${line}\n</body>`);
  }
  return { html, missing };
}

function convert(notebook: Notebook): string {
  const { status, stdout, stderr, error } = spawnSync(
    jupyterPython(),
    ["-m", "nbconvert", "--to", "html", "--stdin", "--stdout", "--log-level", "ERROR"],
    { input: JSON.stringify(notebook), encoding: "utf8", maxBuffer: LARGEST_PAGE },
  );
  if (status === 0) return stdout;
  throw new ConfigError(`notebook html: nbconvert must convert the notebook, got ${error?.message ?? stderr.trim()}`);
}

function inlineImages(html: string, folder: string, missing: string[]): string {
  return html.replace(/(<img\b[^>]*?\bsrc=")([^"]*)"/g, (all, before, source) => {
    if (source.startsWith("data:")) return all;
    const path = resolve(folder, decodeURI(source));
    const type = IMAGE_TYPES[extname(path).toLowerCase()];
    if (/^[a-z]+:\/\//i.test(source) || type === undefined || !existsSync(path)) {
      missing.push(source);
      return all;
    }
    return `${before}data:${type};base64,${readFileSync(path).toString("base64")}"`;
  });
}
