import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fingerprint } from "../../src/core";

describe("fingerprint", () => {
  it("is equal for JSON values just when they are equal, whatever the order of keys", () => {
    const canonical = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(canonical);
      if (typeof value !== "object" || value === null) return Object.is(value, -0) ? 0 : value;
      return Object.entries(value)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([key, item]) => ({ key, item: canonical(item) }));
    };
    const json = fc.jsonValue({ maxDepth: 3 });
    fc.assert(
      fc.property(json, json, (a, b) => {
        const same = JSON.stringify([typeof a, canonical(a)]) === JSON.stringify([typeof b, canonical(b)]);
        return (fingerprint(a) === fingerprint(b)) === same;
      }),
    );
    expect(fingerprint({ a: 1, b: [2, { c: 3, d: 4 }] })).toBe(fingerprint({ b: [2, { d: 4, c: 3 }], a: 1 }));
  });

  it("survives a way through JSON: undefined keys are absent keys", () => {
    const value = { a: undefined, b: -0, c: [undefined, "x"] };
    expect(fingerprint(value)).toBe(fingerprint(JSON.parse(JSON.stringify(value))));
  });

  it("tells apart what JSON cannot", () => {
    const values = [
      null,
      Number.NaN,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      "NaN",
      "1",
      1,
      true,
      [],
      {},
      "",
      [1, 2],
      [[1], 2],
      ["a", "b"],
      ["ab", ""],
      ["a,b"],
      new Uint8Array([1, 2]),
      new Int8Array([1, 2]),
      new Uint8Array([1, 2, 0]),
      new Float32Array([1]),
      new Map([["a", 1]]),
      new Map([["a", 2]]),
      new Set(["a"]),
      new Set(["a", "b"]),
      { a: 1, b: 2 },
      { a: 1, b: { b: 2 } },
    ];
    expect(new Set(values.map(fingerprint)).size).toBe(values.length);
  });

  it("takes maps and sets by entries, and views by the bytes they see", () => {
    const [a, b] = [
      ["x", [1, 2]],
      ["y", new Uint8Array([3])],
    ] as const;
    expect(fingerprint(new Map<string, unknown>([a, b]))).toBe(fingerprint(new Map<string, unknown>([b, a])));
    expect(fingerprint(new Uint8Array([9, 1, 2, 9]).subarray(1, 3))).toBe(fingerprint(new Uint8Array([1, 2])));
    expect(fingerprint(new Float32Array([0, 1]).subarray(1))).toBe(fingerprint(new Float32Array([1])));
  });

  it("refuses what cannot be named, with its place", () => {
    expect(() => fingerprint({ options: [{ draw: () => 1 }] })).toThrow(/value\.options\[0\]\.draw must be plain data/);
    expect(() => fingerprint({ at: new Date(0) })).toThrow(/value\.at must be plain data, got a Date/);
    expect(() => fingerprint({ at: Symbol("x") })).toThrow(/got a symbol/);
  });
});
