import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readNotebook } from "../../src/notebook";

const folder = resolve(__dirname, "../../notebooks");
/** Studies of the benchmark whose cells still make tables and figures by themselves; none may be added. */
const LONG = ["05_dna_teacher"];
const names = readdirSync(folder).filter((name) => /^\d\d_\w+\.ipynb$/.test(name));
const short = names.filter((name) => !LONG.some((long) => name === `${long}.ipynb`));

describe.each(short)("notebooks/%s", (name) => {
  const cells = readNotebook(join(folder, name)).cells.filter(({ cell_type }) => cell_type === "code");

  it("has cells of at most 15 lines: what is longer belongs into src/", () => {
    const long = cells.filter(({ source }) => source.split("\n").length > 15).map(({ id }) => id);
    expect(long).toEqual([]);
  });
});

it("the notebooks that are read first have no long cells", () => {
  expect(short).toEqual(expect.arrayContaining(["00_quickstart.ipynb", "01_dna_method.ipynb", "07_dna_cells.ipynb"]));
});
