import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Notebook } from "../../src/notebook";

type Part = { markdown: string } | { code: string; tags?: string[]; outputs?: Notebook["cells"][number]["outputs"] };

/** A notebook of the given cells; codes have ids "cell-<index>". */
export function notebookOf(parts: readonly Part[], kernel = "blockwise"): Notebook {
  return {
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { kernelspec: { name: kernel, display_name: "Blockwise (TypeScript)", language: "typescript" } },
    cells: parts.map((part, i) =>
      "markdown" in part
        ? { cell_type: "markdown", id: `cell-${i}`, metadata: {}, source: part.markdown }
        : {
            cell_type: "code",
            id: `cell-${i}`,
            metadata: part.tags ? { tags: part.tags } : {},
            source: part.code,
            outputs: part.outputs ?? [],
            execution_count: null,
          },
    ),
  };
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), "blockwise-notebook-"));
}

export function writeJsonFile(path: string, value: unknown): string {
  writeFileSync(path, JSON.stringify(value));
  return path;
}
