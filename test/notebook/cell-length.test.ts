import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { readNotebook } from "../../src/notebook";

const folder = resolve(__dirname, "../../notebooks");
const names = [
  ...readdirSync(folder).filter((name) => /^\d\d_\w+\.ipynb$/.test(name)),
  join("templates", "study.ipynb"),
];

describe.each(names)("notebooks/%s", (name) => {
  const cells = readNotebook(join(folder, name)).cells.filter(({ cell_type }) => cell_type === "code");

  it("has cells of at most 15 lines: what is longer belongs into src/", () => {
    const long = cells.filter(({ source }) => source.split("\n").length > 15).map(({ id }) => id);
    expect(long).toEqual([]);
  });
});

it("no notebook is left out", () => {
  expect(names).toEqual(expect.arrayContaining(["00_quickstart.ipynb", "01_dna_method.ipynb", "07_dna_cells.ipynb"]));
});
