import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { kendallTauB, partialTau, pearson, ranks, spearman } from "../../src/benchmark";
import { ConfigError } from "../../src/core";

interface Case {
  x: number[];
  y: number[];
  kendallTauB: number;
  spearman: number;
  pearson: number;
}

const { cases } = JSON.parse(readFileSync(join(__dirname, "../golden/rank-metrics.json"), "utf8")) as { cases: Case[] };

describe("rank metrics", () => {
  test.each(cases.map((c) => [c.x.length, c] as const))(
    "agree with SciPy on %i values",
    (_n, { x, y, ...expected }) => {
      expect(kendallTauB(x, y)).toBeCloseTo(expected.kendallTauB, 12);
      expect(spearman(x, y)).toBeCloseTo(expected.spearman, 12);
      expect(pearson(x, y)).toBeCloseTo(expected.pearson, 12);
    },
  );

  const lists = fc
    .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), { minLength: 2, maxLength: 30 })
    .map((pairs) => [pairs.map(([x]) => x), pairs.map(([, y]) => y)] as const)
    .filter(([x, y]) => new Set(x).size > 1 && new Set(y).size > 1);

  test("are symmetric, odd under reversal, and unmoved by rising maps of ranks", () => {
    fc.assert(
      fc.property(lists, ([x, y]) => {
        const reversed = y.map((v) => -v);
        for (const metric of [kendallTauB, spearman, pearson]) {
          expect(metric(x, y)).toBeCloseTo(metric(y, x), 12);
          expect(metric(x, reversed)).toBeCloseTo(-metric(x, y), 12);
        }
        const stretched = y.map((v) => Math.exp(v));
        expect(kendallTauB(x, stretched)).toBeCloseTo(kendallTauB(x, y), 12);
        expect(spearman(x, stretched)).toBeCloseTo(spearman(x, y), 12);
      }),
    );
  });

  test("a list with a single value has no correlation", () => {
    for (const metric of [kendallTauB, spearman, pearson]) expect(metric([1, 1, 1], [1, 2, 3])).toBeNaN();
  });

  test("ties share the mean of their ranks", () => {
    expect(ranks([30, 10, 20, 20])).toEqual([4, 1, 2.5, 2.5]);
  });

  test("partial tau takes away what both share with a third", () => {
    const [x, y, z] = [
      [1, 2, 3, 4],
      [1, 2, 4, 3],
      [2, 1, 3, 4],
    ];
    const [xy, xz, yz] = [kendallTauB(x, y), kendallTauB(x, z), kendallTauB(y, z)];
    expect([xy, xz, yz]).toEqual([4 / 6, 4 / 6, 2 / 6]);
    expect(partialTau(x, y, z)).toBeCloseTo((4 / 6 - (4 / 6) * (2 / 6)) / Math.sqrt((1 - 16 / 36) * (1 - 4 / 36)), 12);
  });

  test("lists of unequal lengths, or of one value, are refused", () => {
    expect(() => kendallTauB([1, 2], [1])).toThrow(ConfigError);
    expect(() => ranks([1, Number.NaN])).toThrow(/NaN at place 1/);
    expect(() => spearman([1], [1])).toThrow(/got 1 and 1/);
  });
});
