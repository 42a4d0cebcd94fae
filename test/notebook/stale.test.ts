import { describe, expect, it } from "vitest";
import { staleCells, withStaleNotes } from "../../src/notebook";
import { notebookOf } from "./notebooks";

/** A notebook whose cells ran in the order of these counts; in theirs without. */
function ran(cells: readonly string[], counts: readonly number[] = cells.map((_, i) => i + 1)) {
  const notebook = notebookOf(cells.map((code) => ({ code })));
  for (const [i, cell] of notebook.cells.entries()) cell.execution_count = counts[i];
  return notebook;
}

const staleIn = (cells: readonly string[], counts?: readonly number[]) =>
  staleCells(ran(cells, counts)).map(({ index, name, changedBy }) => `${index}: ${name} by ${changedBy}`);

describe("staleCells", () => {
  it("finds cells that read a variable which a later cell declares again, assigns or changes within", () => {
    for (const change of [
      ...[
        "x = 2",
        "let x = 2;",
        "x++",
        "--x",
        "x += 1",
        "[x] = [1]",
        "({ a: x = 3 } = {} as any)",
        "x.y = 1",
        "x[0]++",
      ],
      ...["x!.y = 1", "delete x.y", "x.push(1)", "for (x of [1]) {}", "if (1) { x = 2 }", "(() => { x = 2 })()"],
      ...["function x() {}", "import x from 'node:fs'", "Object.assign(x, {})", "const { x } = { x: 1 };"],
    ]) {
      expect(staleIn(["let x: any = [1];", "x", change]), change).toEqual(["1: x by 3"]);
    }
  });

  it("takes no name of an inner scope, a property, a type or a text for the variable", () => {
    for (const code of [
      ...[
        "((x) => x)(1)",
        "{ let x = 1; x = 2 }",
        "for (const x of [1]) x;",
        "a.x = 1",
        "({ x: 1 })",
        "try {} catch (x) { x }",
      ],
      ...[
        "'x = 2'",
        "// x = 2",
        "type x = 1",
        "let y: x",
        "[1].map(function x(n) { return n })",
        "x.map(String)",
        "x: for (;;) break x",
      ],
    ]) {
      expect(staleIn(["let x = [1], a: any = {};", "x", code]), code).toEqual([]);
      if (!/^x\.map/.test(code)) expect(staleIn(["let x = 1, a: any = {};", code, "x = 2"]), code).toEqual([]);
    }
  });

  it("follows functions of the notebook to what they read and change", () => {
    const cells = [
      "let n = 0;",
      "function bump() { return ++n }\nconst twice = () => { bump(); bump() };",
      "n * 2",
      "twice()",
    ];
    expect(staleIn(cells)).toEqual(["2: n by 4"]);
    expect(staleIn(["let n = 0;", "const read = () => n;", "read()", "n = 1"])).toEqual(["2: n by 4"]);
    expect(staleIn(["const f = () => 1;", "f()", "const f = () => 1;"])).toEqual([]);
    expect(staleIn(["const f = () => 1;", "f()", "const f = () => 2;"])).toEqual(["1: f by 3"]);
  });

  it("goes by the order in which cells ran, not that in which they stand", () => {
    expect(staleIn(["let x = 1;", "x", "x = 2"], [1, 3, 2])).toEqual([]);
    expect(staleIn(["x = 2", "x", "let x = 1;"], [3, 2, 1])).toEqual(["1: x by 3"]);
  });

  it("leaves alone what a cell declares itself, or never ran", () => {
    expect(staleIn(["let x = 1; x", "x = 2"])).toEqual([]);
    const notebook = ran(["let x = 1;", "x", "x = 2"]);
    notebook.cells[2].execution_count = null;
    expect(staleCells(notebook)).toEqual([]);
  });
});

describe("withStaleNotes", () => {
  it("puts one note below a stale cell, and takes it away where it holds no more", () => {
    const notebook = ran(["let x = 1, y = 1;", "x + y", "x = 2; y = 3"]);
    const noted = withStaleNotes(withStaleNotes(notebook));
    expect(noted.cells.map(({ outputs }) => outputs?.length)).toEqual([0, 1, 0]);
    expect(noted.cells[1].outputs?.[0].data?.["text/plain"]).toBe(
      "Stale: x was changed by cell [3], y was changed by cell [3] after this cell ran; run it again.",
    );
    noted.cells[1].execution_count = 4;
    expect(withStaleNotes(noted).cells.map(({ outputs }) => outputs?.length)).toEqual([0, 0, 0]);
  });
});
