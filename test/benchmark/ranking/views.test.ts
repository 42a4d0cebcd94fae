import { describe, expect, test } from "vitest";
import { blockDigits, readTruth } from "../../../src/benchmark";
import {
  additiveLimit,
  agreement,
  type BlockScores,
  bestUnder,
  budgetRegrets,
  candidateCounts,
  meanRegret,
  misplacedCandidates,
} from "../../../src/benchmark/ranking";

const truth = readTruth(undefined);
const cuts = [2, 5];
/** Ratings that know nothing but how many identities a candidate has. */
const blocks: BlockScores[] = [0, 1, 2].map((block) =>
  Object.fromEntries(
    [...new Set(truth.map(({ key }) => blockDigits(key, cuts)[block]))].map((digits) => [
      digits,
      [...digits].filter((digit) => digit === "0").length,
    ]),
  ),
);
const ratings = [1, 2].map((seed) => ({ seed, cuts, blocks }));

describe("what views of a study are computed from", () => {
  test("sums of one block are the truth itself, sums of more miss some of it", () => {
    const whole = additiveLimit(truth, []);
    expect(whole.tau).toBeCloseTo(1, 9);
    expect(whole.error).toBeLessThan(1e-9);
    const stages = additiveLimit(truth, cuts);
    expect(stages.tau).toBeLessThan(1);
    expect(stages.error).toBeGreaterThan(0.1);
  });

  test("a cut space has the distinct candidates of each block", () => {
    expect(candidateCounts(truth, cuts)).toEqual([9, 21, 21]);
    expect(candidateCounts(truth, [])).toEqual([truth.length]);
  });

  test("the network picked under a budget is the best scored affordable one, and none is an error", () => {
    const scores = truth.map(({ accuracy }) => accuracy);
    const picked = bestUnder(truth, scores, 30e6);
    expect(picked.macs).toBeLessThanOrEqual(30e6);
    expect(truth.some(({ macs, accuracy }) => macs <= 30e6 && accuracy > picked.accuracy)).toBe(false);
    expect(() => bestUnder(truth, scores, 1)).toThrow(RangeError);
  });

  test("regrets by budget have the mean that the agreement has", () => {
    const found = budgetRegrets(truth, ratings, [1, 1, 1]);
    expect(found.budgets).toHaveLength(12);
    const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    const macs = truth.map((network) => network.macs);
    expect(mean(found.mostMacs)).toBeCloseTo(meanRegret(truth, macs), 9);
    expect(mean(found.mostMacs)).toBeCloseTo(agreement(truth, macs).regret, 9);
    expect(found.weighted).toEqual(found.plain);
    expect(found.picked.map(({ seed }) => seed)).toEqual([1, 2]);
    for (const { network } of found.picked) expect(network.macs).toBeLessThanOrEqual(found.budgets[0]);
  });

  test("of each block those candidates are told whose ranks lie farthest apart", () => {
    const all = misplacedCandidates(truth, ratings, 100);
    expect(all).toHaveLength(51);
    const three = misplacedCandidates(truth, ratings);
    expect(three.map(({ block }) => block)).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3]);
    const off = (one: { trueRank: number; ratedRank: number }) => Math.abs(one.trueRank - one.ratedRank);
    for (const one of three) {
      const others = all.filter(({ block }) => block === one.block).map(off);
      expect([...others].sort((a, b) => b - a).slice(0, 3)).toContain(off(one));
    }
  });
});
