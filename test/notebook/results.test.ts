import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { comparisonTable } from "../../src/cli/notebook/check";
import { ConfigError } from "../../src/core";
import { lab } from "../../src/lab";
import {
  compareResults,
  parseTolerance,
  RESULT_TYPE,
  type ResultValue,
  recordsOf,
  type Tolerance,
} from "../../src/notebook";
import { inNotebook } from "../lab/recording-host";
import { notebookOf } from "./notebooks";

const result = (values: Record<string, ResultValue>, tolerance: Record<string, Tolerance> = {}) => [
  { name: "r", values, tolerance },
];
const agrees = (then: ResultValue, now: ResultValue, tolerance?: Tolerance) =>
  compareResults(result({ x: then }), result({ x: now }), { byDefault: tolerance })[0].agrees;

describe("compareResults", () => {
  it("compares numbers within absolute and relative tolerances, the bounds included", () => {
    expect(agrees(10, 10.5, 0.5)).toBe(true);
    expect(agrees(10, 10.51, 0.5)).toBe(false);
    expect(agrees(-200, -190, "5%")).toBe(true);
    expect(agrees(-200, -189, "5%")).toBe(false);
    expect(agrees(0, 1e-9, "5%")).toBe(false);
    expect(agrees([1, 2], [1, 2.01], 0.02)).toBe(true);
    expect(agrees([1, 2], [1, 2, 3], 10)).toBe(false);
  });

  it("lets only rounding pass without a tolerance", () => {
    expect(agrees(0.9, 0.9 * (1 + 1e-9))).toBe(true);
    expect(agrees(0.9, 0.9001)).toBe(false);
  });

  it("wants texts, booleans and kinds to be equal unless anything may be", () => {
    expect(agrees("e6k3", "e6k3", 1)).toBe(true);
    expect(agrees("e6k3", "e3k3", 1)).toBe(false);
    expect(agrees(1, "1", 1)).toBe(false);
    expect(agrees(1, [1], 1)).toBe(false);
    expect(agrees("e6k3", 4, "any")).toBe(true);
    // A measurement that has broken does not pass for ever.
    for (const broken of ["NaN", "-Infinity", "0.5 NaN"]) expect(agrees(broken, broken)).toBe(false);
  });

  it("takes the tolerance of the command line's name, then the record's, then the default", () => {
    const [then, now] = [result({ x: 1, y: 1, z: 1 }, { x: 0.1, y: 0.1 }), result({ x: 1.5, y: 1.5, z: 1.5 })];
    const compared = compareResults(then, now, { byDefault: 1, byName: { x: 0.5 } });
    expect(compared.map(({ value, agrees }) => [value, agrees])).toEqual([
      ["x", true],
      ["y", false],
      ["z", true],
    ]);
  });

  it("tells of what only one side has", () => {
    const compared = compareResults(result({ old: 1 }), [
      ...result({ new: 1 }),
      { name: "s", values: { x: 1 }, tolerance: {} },
    ]);
    expect(compared.map(({ result, value, agrees }) => [result, value, agrees])).toEqual([
      ["r", "old", false],
      ["r", "new", false],
      ["s", "x", false],
    ]);
    expect(comparisonTable(compared)).toMatch(/r +old +1 +absent .*DIFFERS/);
  });

  it("finds any finite number equal to itself, and none beyond its tolerance", () => {
    const number = fc.double({ noNaN: true, min: -1e9, max: 1e9 });
    fc.assert(fc.property(number, (x) => agrees(x, x)));
    fc.assert(
      fc.property(number, fc.double({ min: 1e-3, max: 1e6, noNaN: true }), (x, d) => !agrees(x, x + 2.1 * d, 2 * d)),
    );
  });
});

describe("parseTolerance", () => {
  it("knows distances, shares and any", () => {
    expect(["0.01", "5%", "any", "0"].map(parseTolerance)).toEqual([0.01, "5%", "any", 0]);
    expect(["-1", "five", "", "5 % or so"].map(parseTolerance)).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe("lab.record", () => {
  it("shows the values as a table and as the result that recordsOf finds again", () =>
    inNotebook(async (host) => {
      await lab.record("front", { accuracy: 0.9, path: "e6k3", taus: [0.1, 0.2] }, { tolerance: { accuracy: "1%" } });
      const [data] = host.outputs();
      expect(data["text/plain"]).toMatch(/Result: front[\s\S]*accuracy +90\.00 %/);
      const output = { output_type: "display_data" as const, metadata: {}, data };
      expect(recordsOf(notebookOf([{ code: "", outputs: [output] }]))).toEqual([
        { name: "front", values: { accuracy: 0.9, path: "e6k3", taus: [0.1, 0.2] }, tolerance: { accuracy: "1%" } },
      ]);
    }));

  it("gives one tolerance to all values, and says numbers that JSON lacks as words", () =>
    inNotebook(async (host) => {
      await lab.record("r", { a: Number.NaN, b: 1, all: [0.5, Number.NaN] }, { tolerance: 0.5 });
      expect(host.outputs()[0][RESULT_TYPE]).toEqual({
        name: "r",
        values: { a: "NaN", b: 1, all: "0.5 NaN" },
        tolerance: { a: 0.5, b: 0.5, all: 0.5 },
      });
    }));

  it("refuses tolerances of other values, malformed ones, and values that are no JSON", async () => {
    await expect(lab.record("r", { a: 1 }, { tolerance: { b: 1 } })).rejects.toThrow(ConfigError);
    await expect(lab.record("r", { a: 1 }, { tolerance: "much" })).rejects.toThrow(/any/);
    await expect(lab.record("r", { a: (() => 1) as never })).rejects.toThrow(ConfigError);
  });
});
