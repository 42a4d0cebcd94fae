import { basename, dirname } from "node:path";
import { writeAtomic } from "../../core";
import { type Notebook, notebookPage } from "../../notebook";
import type { Output } from "../output";
import { writing } from "../output-file";

export interface Page {
  readonly page: string;
  readonly bytes: number;
  /** Pictures that are not in the page. */
  readonly missing: readonly string[];
}

export function pageLine({ page, bytes }: Page): string {
  return `page:     ${page} (${(bytes / 1e6).toFixed(2)} MB)`;
}

/** Writes a notebook as one page, and warns of pictures that are not in it. */
export function writePage(page: string, path: string, notebook: Notebook, output: Output, foldCode = false): Page {
  const title = basename(path).replace(/\.[^.]+$/, "");
  const { html, missing } = notebookPage(notebook, { title, folder: dirname(path), foldCode });
  writing("notebook html", page, () => writeAtomic(page, html));
  if (missing.length > 0) output.warn(`notebook html: these pictures are not in the page: ${missing.join(", ")}`);
  return { page, bytes: Buffer.byteLength(html), missing };
}
