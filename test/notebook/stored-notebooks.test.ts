import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { notebookProvenance, readNotebook, recordsOf, stripVolatile } from "../../src/notebook";
import { jupyterPython } from "../../src/notebook/jupyter-python";

const root = resolve(__dirname, "../..");
const folder = join(root, "notebooks");
const notebooks = readdirSync(folder).filter((name) => /\.ipynb$/.test(name) && !/\.(run|partial)\.ipynb$/.test(name));

/** What nbformat's own validation says. */
function validate(path: string): string {
  const program =
    "import sys, nbformat; n = nbformat.read(sys.argv[1], as_version=4); nbformat.validate(n); print('valid')";
  return execFileSync(jupyterPython(), ["-c", program, path], { encoding: "utf8" }).trim();
}

it("there are notebooks", () => {
  expect(notebooks).toContain("00_quickstart.ipynb");
});

describe.each(notebooks)("notebooks/%s", (name) => {
  const path = join(folder, name);
  const notebook = readNotebook(path);
  const code = notebook.cells.filter(({ cell_type, source }) => cell_type === "code" && source.trim() !== "");

  it("is smaller than 1.5 MB", () => {
    expect(statSync(path).size).toBeLessThan(1.5e6);
  });

  it("is a valid notebook", () => {
    expect(validate(path)).toBe("valid");
  });

  it("was executed from the first cell to the last without an error", () => {
    expect(code.map(({ execution_count }) => execution_count)).toEqual(code.map((_, i) => i + 1));
    const outputs = code.flatMap(({ outputs = [] }) => outputs);
    expect(outputs.length).toBeGreaterThan(0);
    expect(outputs.filter(({ output_type }) => output_type === "error")).toEqual([]);
  });

  it("holds nothing that changes from run to run", () => {
    expect(stripVolatile(notebook)).toEqual(notebook);
  });

  it("says what its outputs come from", () => {
    const provenance = notebookProvenance(notebook);
    expect(provenance, "run it with npx blockwise notebook run --in-place").toBeDefined();
    expect(provenance?.version).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
    expect(provenance?.commit).toMatch(/^[0-9a-f]{40}$/);
    expect(provenance?.engine?.backend).toBeTruthy();
    expect(provenance?.engine?.threads).toBeGreaterThan(0);
    expect(provenance?.seed).not.toBeNull();
    expect(provenance?.durationSeconds).toBeGreaterThan(0);
    expect(Date.parse(provenance?.date ?? "")).toBeGreaterThan(Date.parse("2026-01-01"));
  });

  it("has results that blockwise notebook check compares", () => {
    expect(recordsOf(notebook).length).toBeGreaterThan(0);
  });
});
