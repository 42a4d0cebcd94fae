import { describe, expect, it } from "vitest";
import { DISPLAY, dartsSpace, lab, nasBench201Cells, PUBLISHED_CELLS, Rng } from "../../src";

describe("lab.cells", () => {
  it("shows what a published network is and costs, and draws its cells with an operation on each edge", async () => {
    const cells = lab.cells("darts-v2");
    expect([cells.params, cells.macs]).toEqual([3_349_342, 528_359_040]);
    expect(cells.describe()[0]).toBe("normal: sep3(0)+sep3(1) | sep3(0)+sep3(1) | sep3(1)+skip(0) | skip(0)+dil3(2)");
    const { data, layout } = cells.diagram().figure;
    expect(layout.title.text).toContain("darts-v2: 528.36M MACs, 3.35M parameters");
    // An annotation an edge: eight of each cell.
    const words = (layout.annotations as { text: string }[]).map(({ text }) => text);
    const ops = words.filter((text) => /^(sep|dil|max|skip)/.test(text));
    expect(ops).toHaveLength(16);
    const told = data.flatMap(({ customdata = [] }) => customdata as string[]);
    expect(told).toContain("separable convolution 3x3, dilated by 2<br>normal: node 2 → node 5");
    const text = String((await cells[DISPLAY]())["text/html"]);
    expect(text).toContain("darts-v2");
  });

  it("shows every part in its table, of long networks too, and their sum is the whole", async () => {
    const cells = lab.cells("eeea-c");
    const { rows, columns } = cells.table();
    const at = (name: string) => columns.indexOf(name);
    expect(rows).toHaveLength(23);
    expect(rows.reduce((sum, row) => sum + Number(row[at("parameters")]), 0)).toBe(cells.params);
    expect(rows.reduce((sum, row) => sum + Number(row[at("MACs")]), 0)).toBe(cells.macs);
    expect(String((await cells.table()[DISPLAY]())["text/plain"])).not.toContain("more rows");
  });

  it("takes what a space draws", () => {
    const rng = new Rng(1);
    const [pairs, digits] = [dartsSpace(), nasBench201Cells()];
    for (const drawn of [pairs.architecture(pairs.sample(rng)), digits.architecture(digits.sample(rng))]) {
      const cells = lab.cells(drawn);
      expect(cells.params).toBeGreaterThan(0);
      expect(cells.diagram().figure.data.length).toBeGreaterThan(1);
    }
  });

  it.each<[unknown, RegExp]>([
    ["darts-v3", /network "darts-v3" is not known; did you mean darts-v1\?/],
    ["nas-bench-201/9", /six digits from 0 to 4/],
    [3, /lab\.cells: it must be the name of a network of cells, e\.g\. lab\.cells\("darts-v2"\), .*got 3$/],
    [undefined, /got undefined$/],
    [PUBLISHED_CELLS["darts-v2"](), /or one as data with kind "cells"/],
    [
      { ...lab.cells("darts-v2").architecture, stack: [{ kind: "cell", cell: "normale", width: 4, stride: 1 }] },
      /did you mean normal\?/,
    ],
  ])("refuses %j and says what would do", (source, message) => {
    expect(() => lab.cells(source as string)).toThrow(message);
  });
});
