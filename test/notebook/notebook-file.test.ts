import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError, packageRoot } from "../../src/core";
import { openNotebook, readNotebook, stripVolatile, withoutOutputs, writeNotebook } from "../../src/notebook";
import { plotlyElement } from "../../src/viz/plotly-script";
import { notebookOf, temporaryFolder, writeJsonFile } from "./notebooks";

const folder = temporaryFolder();

describe("readNotebook and writeNotebook", () => {
  it("keep what they do not know, and write texts by line and keys in order", () => {
    const path = writeJsonFile(join(folder, "a.ipynb"), {
      nbformat: 4,
      nbformat_minor: 5,
      metadata: { zebra: { b: 1, a: [1] } },
      cells: [
        { cell_type: "markdown", id: "m", metadata: {}, source: ["one\n", "two"], attachments: { "p.png": {} } },
        {
          cell_type: "code",
          id: "c",
          metadata: {},
          source: "",
          execution_count: 1,
          outputs: [
            { output_type: "display_data", metadata: {}, data: { "text/plain": ["a\n", "b"], "x+json": ["a"] } },
          ],
        },
      ],
    });
    const read = readNotebook(path);
    expect(read.cells[0].source).toBe("one\ntwo");
    expect(read.cells[1].outputs?.[0].data).toEqual({ "text/plain": "a\nb", "x+json": ["a"] });
    writeNotebook(path, read);
    const text = readFileSync(path, "utf8");
    const written = JSON.parse(text);
    expect(written.cells[0]).toMatchObject({ source: ["one\n", "two"], attachments: { "p.png": {} } });
    expect(Object.keys(written.metadata.zebra)).toEqual(["a", "b"]);
    writeNotebook(path, readNotebook(path));
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("refuse what is no notebook of format 4, and say which file", () => {
    const old = writeJsonFile(join(folder, "old.ipynb"), { nbformat: 3, worksheets: [] });
    expect(() => readNotebook(old)).toThrow(ConfigError);
    expect(() => readNotebook(old)).toThrow(/old\.ipynb.*format 4/);
  });

  it.each([
    ["absent.ipynb", undefined, /must be a notebook \(\.ipynb\), and does not exist; check its path$/],
    ["blank.ipynb", "\n", /and is empty; take an earlier copy, or make a new one with Jupyter$/],
    ["script.ipynb", "// %%\n1", /is no JSON: it begins with "\/\/ %%\\n1"; .*blockwise notebook import$/],
    ["object.ipynb", "{}", /is JSON but no notebook: it has no "nbformat"; name another file$/],
    ["null.ipynb", "null", /is JSON but no notebook/],
    [
      "cells.ipynb",
      '{ "nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3 }',
      /has no right "cells" \(expected array, received number\); open it with Jupyter/,
    ],
  ])("refuse %s by a sentence that says how to mend it", (name, text, message) => {
    const path = join(folder, name);
    if (text !== undefined) writeFileSync(path, text);
    expect(() => readNotebook(path)).toThrow(message);
    expect(() => readNotebook(path)).toThrow(ConfigError);
  });

  it("refuse a folder, and a script that does not exist", () => {
    expect(() => readNotebook(folder)).toThrow(/and is a folder; check its path/);
    expect(() => openNotebook(join(folder, "absent.mts"))).toThrow(/must be a notebook as text, and does not exist/);
  });
});

describe("stripVolatile", () => {
  const stream = (text: string, name = "stdout") => ({ output_type: "stream" as const, name, text });
  const notebook = notebookOf([
    { code: "1", tags: ["keep"], outputs: [stream("a"), stream("b\n"), stream("c", "stderr")] },
  ]);
  const html = `${plotlyElement()}<div>figure</div>`;
  notebook.cells[0].outputs?.push({
    output_type: "display_data",
    metadata: {},
    transient: { display_id: "4711" },
    data: { "text/html": html, "application/vnd.jupyter.widget-view+json": { model_id: "x" } },
  });
  Object.assign(notebook.cells[0].metadata, { execution: { "iopub.status.idle": "2026" }, collapsed: true });
  notebook.metadata.widgets = { state: {} };

  it("removes times, widget state, display ids and plotly's code, and joins printed text", () => {
    const { metadata, cells } = stripVolatile(notebook);
    expect(metadata).not.toHaveProperty("widgets");
    expect(cells[0].metadata).toEqual({ tags: ["keep"] });
    expect(cells[0].outputs).toEqual([
      stream("ab\n"),
      stream("c", "stderr"),
      { output_type: "display_data", metadata: {}, data: { "text/html": "<div>figure</div>" } },
    ]);
    expect(stripVolatile(stripVolatile(notebook))).toEqual(stripVolatile(notebook));
  });

  it("names no folder of this machine in the lines of a stack, and leaves other text alone", () => {
    const root = packageRoot();
    const frames = [
      `\u001b[2m    at tensor2d (${root}/node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js:19166:15)\u001b[0m`,
      `    at CellRunner.execute (${root}/dist/kernel/cells/cell-runner.js:91:37)`,
      "    at file:///opt/lib/node_modules/zod/index.js:3:4",
      `    at mine (${homedir()}/work/mine.ts:1:2)`,
    ];
    const kept = `read ${root}/data`;
    const told = notebookOf([
      {
        code: "1",
        outputs: [
          { output_type: "error", ename: "E", evalue: "", traceback: ["E", frames.join("\n"), kept] },
          { output_type: "stream", name: "stderr", text: `${kept}\n${frames[1]}` },
          { output_type: "execute_result", metadata: {}, data: { "text/plain": `Error\n${frames[1]}` } },
        ],
      },
    ]);
    const [error, printed, value] = stripVolatile(told).cells[0].outputs ?? [];
    expect(error.traceback?.[1].split("\n").map((line) => line.match(/[^ (]*:\d+:\d+/)?.[0])).toEqual([
      "node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js:19166:15",
      "blockwise/dist/kernel/cells/cell-runner.js:91:37",
      "node_modules/zod/index.js:3:4",
      "~/work/mine.ts:1:2",
    ]);
    expect(error.traceback?.[2]).toBe(kept);
    expect(printed.text).toBe(`${kept}\n    at CellRunner.execute (blockwise/dist/kernel/cells/cell-runner.js:91:37)`);
    expect(value.data?.["text/plain"]).not.toContain(root);
  });

  it("leaves a notebook as if never run with withoutOutputs", () => {
    const bare = withoutOutputs({ ...notebook, metadata: { ...notebook.metadata, blockwise: {} } });
    expect(bare.cells[0]).toMatchObject({ outputs: [], execution_count: null });
    expect(bare.metadata).not.toHaveProperty("blockwise");
  });
});
