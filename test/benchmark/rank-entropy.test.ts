import fc from "fast-check";
import { expect, it } from "vitest";
import { ConfigError, kendallTauB, rankEntropy } from "../../src";

it("is 0 where all rankings agree, and 1 bit where half of them are the other way round", () => {
  const ranking = [3, 1, 2, 5];
  expect(rankEntropy([ranking, ranking.map((value) => 10 * value), ranking])).toBe(0);
  expect(rankEntropy([ranking, ranking.map((value) => -value)])).toBe(1);
  // One of three disagrees on every pair: the entropy of 1/3 in bits (scipy.stats.entropy([1/3, 2/3], base=2)).
  expect(rankEntropy([ranking, ranking, ranking.map((value) => -value)])).toBeCloseTo(0.9182958340544896, 12);
});

it("of two rankings without ties is the share of pairs that they order differently, (1 - tau) / 2", () => {
  const ranking = fc.uniqueArray(fc.integer(), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(ranking, ranking, (a, b) => {
      expect(rankEntropy([a, b])).toBeCloseTo((1 - kendallTauB(a, b)) / 2, 9);
    }),
  );
});

it("refuses what it cannot rank", () => {
  expect(() => rankEntropy([[1, 2]])).toThrow(ConfigError);
  expect(() => rankEntropy([[1, 2], [1]])).toThrow(/same two or more networks/);
  expect(() =>
    rankEntropy([
      [1, Number.NaN],
      [1, 2],
    ]),
  ).toThrow(/without NaN/);
});
