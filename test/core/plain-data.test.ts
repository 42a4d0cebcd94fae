import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { notPlain } from "../../src/core";

describe("notPlain", () => {
  it("finds nothing in what JSON holds, whatever realm it is of", () => {
    const shared = { seed: 1 };
    const plain = { text: "a", none: null, absent: undefined, deep: [{ of: [1, true] }], one: shared, two: shared };
    expect(notPlain(plain, "settings")).toBeUndefined();
    expect(notPlain(runInNewContext("({ a: [1, { b: 2 }] })"), "settings")).toBeUndefined();
    expect(notPlain(Object.assign(Object.create(null), { a: 1 }), "settings")).toBeUndefined();
  });

  const cycle: Record<string, unknown> = {};
  cycle.deep = [cycle];
  it.each([
    [{ earlyExit: { of: () => 1 } }, "settings.earlyExit.of is a function"],
    [{ limits: [1, Number.POSITIVE_INFINITY] }, "settings.limits[1] is Infinity"],
    [{ rate: Number.NaN }, "settings.rate is NaN"],
    [{ known: new Map() }, "settings.known is a Map"],
    [{ bytes: new Float32Array(2) }, "settings.bytes is a Float32Array"],
    [{ count: 2n }, "settings.count is 2"],
    [{ mark: Symbol("x") }, "settings.mark is a symbol"],
    [cycle, "settings.deep[0] is an object within itself"],
  ])("names the first part that it would lose", (value, found) => {
    expect(notPlain(value, "settings")).toBe(found);
  });
});
