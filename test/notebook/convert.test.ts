import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { packageRoot } from "../../src/core";
import { readNotebook, writeNotebook } from "../../src/notebook";
import { blockwise } from "../cli/blockwise";
import { notebookOf, temporaryFolder } from "./notebooks";

const folder = temporaryFolder();
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

/** Writes an executed notebook of two cells. */
function notebookAt(name: string, code = "let seed = 1;") {
  const outputs = [{ output_type: "stream" as const, name: "stdout", text: "said\n" }];
  const notebook = notebookOf([
    { markdown: "# Title" },
    { code, tags: ["parameters"], outputs },
    { code: "seed", outputs },
  ]);
  notebook.cells[2].execution_count = 7;
  writeNotebook(at(name), notebook);
  return notebook;
}

const without = ({ cells }: ReturnType<typeof readNotebook>) =>
  cells.map(({ id, cell_type, source, metadata }) => ({ id, cell_type, source, metadata }));

describe("blockwise notebook export and import", () => {
  it.each([
    ["ts", "mts"],
    ["md", "md"],
  ])("to %s and back gives the cells without outputs", async (format, ending) => {
    const notebook = notebookAt(`${format}.ipynb`);
    const { code, out } = await blockwise("notebook", "export", at(`${format}.ipynb`), "--to", format);
    expect([code, out]).toEqual([0, `text:     ${at(`${format}.${ending}`)}\n`]);
    const back = await blockwise("notebook", "import", at(`${format}.${ending}`), "-o", at(`${format}-back.ipynb`));
    expect(back.code).toBe(0);
    expect(without(readNotebook(at(`${format}-back.ipynb`)))).toEqual(without(notebook));
    expect(readNotebook(at(`${format}-back.ipynb`)).metadata.kernelspec).toEqual(notebook.metadata.kernelspec);
  });

  it("keeps outputs of unchanged cells with --update, and neither text nor notebook is lost without a word", async () => {
    notebookAt("kept.ipynb");
    const [nb, text] = [at("kept.ipynb"), at("kept.mts")];
    await blockwise("notebook", "export", nb, "--to", "ts");
    writeFileSync(text, readFileSync(text, "utf8").replace("let seed = 1;", "let seed = 2;"));
    const before = readFileSync(text, "utf8");
    const again = await blockwise("notebook", "export", nb, "--to", "ts");
    expect([again.code, again.err]).toEqual([2, expect.stringMatching(/kept\.mts is there .*--force/)]);
    expect(readFileSync(text, "utf8")).toBe(before);
    const refused = await blockwise("notebook", "import", text);
    expect([refused.code, refused.err]).toEqual([2, expect.stringMatching(/must not exist yet; .*--update/)]);
    expect((await blockwise("notebook", "import", text, "--update")).code).toBe(0);
    const { cells } = readNotebook(nb);
    expect(cells.map(({ source }) => source)).toEqual(["# Title", "let seed = 2;", "seed"]);
    expect(cells.map(({ outputs, execution_count }) => [outputs?.length, execution_count])).toEqual([
      [undefined, undefined],
      [0, null],
      [1, 7],
    ]);
    expect((await blockwise("notebook", "export", nb, "-o", text, "--force")).code).toBe(0);
  });

  it("refuses what it cannot do in a sentence", async () => {
    notebookAt("wrong.ipynb");
    writeFileSync(at("latin.md"), Buffer.from([0x61, 0xe4]));
    for (const [args, message] of [
      [["export", at("wrong.ipynb")], /--to: must be ts, md, html/],
      [["export", at("wrong.ipynb"), "--to", "pdf"], /Allowed choices are ts, md, html/],
      [["export", at("wrong.ipynb"), "--to", "md", "--fold-code"], /--fold-code: needs --to html/],
      [["import", at("wrong.ipynb")], /which is a notebook already/],
      [["import", at("page.html")], /export it as ts or md/],
      [["import", at("latin.md")], /must be text in UTF-8/],
      [["run", at("x.mts"), "--in-place"], /needs a \.ipynb file/],
    ] as const) {
      const { code, err } = await blockwise("notebook", ...args);
      expect(err).toMatch(message);
      expect(code).toBe(2);
    }
  });

  it("writes a page with notes below stale cells", async () => {
    const notebook = notebookOf([{ code: "let x = 1;" }, { code: "x" }, { code: "x = 2" }]);
    for (const [i, cell] of notebook.cells.entries()) cell.execution_count = i + 1;
    writeNotebook(at("stale.ipynb"), notebook);
    const { code } = await blockwise("notebook", "export", at("stale.ipynb"), "--to", "html", "--mark-stale");
    expect(code).toBe(0);
    expect(readFileSync(at("stale.html"), "utf8")).toContain("Stale: x was changed by cell [3] after this cell ran");
    await blockwise("notebook", "html", at("stale.ipynb"));
    expect(readFileSync(at("stale.html"), "utf8")).not.toContain("Stale: x");
  });

  it("makes a script that runs: awaits, statements without semicolons", async () => {
    const cells = [
      "const a = await Promise.resolve([1, 2])",
      "[0].map((i) => console.log(a[i]))",
      "console.log(typeof require('node:fs'))",
    ];
    writeNotebook(at("runs.ipynb"), notebookOf([{ markdown: "*/ `${" }, ...cells.map((code) => ({ code }))]));
    const { out } = await blockwise("notebook", "export", at("runs.ipynb"), "--to", "ts");
    expect(out).toContain("runs.mts");
    const tsx = join(packageRoot(), "node_modules", "tsx", "dist", "cli.mjs");
    const ran = spawnSync(process.execPath, [tsx, at("runs.mts")], { encoding: "utf8" });
    expect([ran.stderr, ran.stdout]).toEqual(["", "1\nobject\n"]);
    const named = await blockwise("notebook", "export", at("runs.ipynb"), "-o", at("runs.ts"));
    expect(named.err).toContain("runs.mts, or say");
    expect(existsSync(at("runs.ts"))).toBe(true);
  });
});
