import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import { declaredParameters, parseParameter, withParameters } from "../../src/notebook";
import { notebookOf } from "./notebooks";

describe("parseParameter", () => {
  it("takes numbers, booleans, null, lists and objects as JSON, and the rest as text", () => {
    expect(parseParameter("seed=3")).toEqual(["seed", 3]);
    expect(parseParameter("rate=1e-3")).toEqual(["rate", 0.001]);
    expect(parseParameter("fast=true")).toEqual(["fast", true]);
    expect(parseParameter("kernels=[3,5]")).toEqual(["kernels", [3, 5]]);
    expect(parseParameter('limits={"macs":"4M"}')).toEqual(["limits", { macs: "4M" }]);
    expect(parseParameter("folder=/data/my images")).toEqual(["folder", "/data/my images"]);
    expect(parseParameter('text="3"')).toEqual(["text", "3"]);
    expect(parseParameter("formula=a=b")).toEqual(["formula", "a=b"]);
    expect(parseParameter("empty=")).toEqual(["empty", ""]);
  });

  it("takes back whatever JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 2 }), (value) => {
        const text = JSON.stringify(value);
        fc.pre(!/^-?\d{16,}$/.test(text));
        expect(JSON.stringify(parseParameter(`x=${text}`)[1])).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it("refuses what has no name, is broken JSON, or would lose digits", () => {
    for (const given of ["seed", "=3", "my-seed=3", "kernels=[3,", 'text="open', "seed=12345678901234567890"]) {
      expect(() => parseParameter(given), given).toThrow(ConfigError);
    }
  });
});

describe("withParameters", () => {
  const defaults =
    "// what to vary\nlet seed: number = 1;\nconst name = 'a';\nlet kernels: readonly number[] = [3];\n  let inner = 2;";
  const notebook = notebookOf([{ markdown: "# Words" }, { code: defaults, tags: ["parameters"] }, { code: "seed" }]);

  it("puts a cell behind the defaults, with the types that they declare", () => {
    const { cells } = withParameters(notebook, { seed: 3, name: 'b"', kernels: [5, 7], more: { a: 1 } });
    expect(cells.map(({ id }) => id)).toEqual(["cell-0", "cell-1", "injected-parameters", "cell-2"]);
    expect(cells[2].metadata.tags).toEqual(["injected-parameters"]);
    expect(cells[2].source.split("\n").slice(1)).toEqual([
      "let seed: number = 3;",
      'let name = "b\\"";',
      "let kernels: readonly number[] = [5,7];",
      'let more = {"a":1};',
    ]);
  });

  it("replaces the cell of an earlier run, and changes nothing without parameters", () => {
    const once = withParameters(notebook, { seed: 3 });
    const twice = withParameters(once, { name: "c" });
    expect(twice.cells).toHaveLength(once.cells.length);
    expect(twice.cells[2].source).not.toContain("seed");
    expect(withParameters(notebook, {})).toBe(notebook);
  });

  it("comes first where no cell is tagged", () => {
    const { cells } = withParameters(notebookOf([{ code: "seed" }]), { seed: 1 });
    expect(cells[0].source).toContain("let seed = 1;");
  });

  it("knows the names at the top of the tagged cell alone", () => {
    expect([...declaredParameters(notebook).keys()]).toEqual(["seed", "name", "kernels"]);
  });
});
