import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BudgetInfeasibleError } from "../../src/core";
import { type CandidateRating, ratedTable } from "../../src/rate";
import { compare, type FrontPoint, randomRivals } from "../../src/retrain";
import {
  allNetworks,
  alongFront,
  checkLimits,
  flatLimits,
  macsOf,
  meetsLimits,
  searchLimits,
  searchRatings,
} from "../../src/search";
import { enumerateBlock } from "../../src/space";
import { tinySpace } from "../distill/tiny";

const space = tinySpace();

/** Scores that fall with the op's kernel and the depth, plus noise. */
const table = (noise: readonly number[]) =>
  ratedTable(
    space,
    space.blocks.map((_, block) =>
      enumerateBlock(space, block).map((candidate, i): CandidateRating => {
        const score = 1 / (1 + candidate.path.length) + noise[i % noise.length];
        return { ...candidate, score, relativeL1: score, mse: score, relativeMse: score, nsr: score };
      }),
    ),
  );

describe("search of ratings", () => {
  test("the best meets the budget, ends the networks along the front, and equals the traversal's", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 0.3, noNaN: true }), { minLength: 3, maxLength: 9 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 5 }),
        (noise, share, networks) => {
          const ratings = table(noise);
          const macs = searchRatings(ratings, {}).front.map(macsOf);
          const budget = { macs: Math.ceil(macs[0] + share * (macs[macs.length - 1] - macs[0])) };
          const { best, along, front, traversalScore } = searchRatings(ratings, budget, { networks });
          expect(macsOf(best)).toBeLessThanOrEqual(budget.macs);
          expect(traversalScore).toBeCloseTo(best.score, 12);
          expect(along.at(-1)).toBe(best);
          expect(along.length).toBeLessThanOrEqual(networks);
          expect(along.map(macsOf)).toEqual([...along.map(macsOf)].sort((a, b) => a - b));
          for (const network of along.slice(0, -1)) expect(front).toContain(network);
        },
      ),
      { numRuns: 30 },
    );
  });

  test("networks along a front are spread over it, the cheapest first", () => {
    const front = [10, 11, 12, 20, 30, 41, 50].map((macs) => ({ choice: [], score: -macs, cost: { macs } }));
    expect(alongFront(front, front[6], 5).map(macsOf)).toEqual([10, 20, 30, 41, 50]);
    expect(alongFront(front, front[1], 5).map(macsOf)).toEqual([10, 11]);
    expect(alongFront(front, front[3], 1).map(macsOf)).toEqual([20]);
  });

  test("impossible limits are known before any training, with the least attainable", async () => {
    await expect(checkLimits(space, { macs: 10 })).rejects.toThrow(BudgetInfeasibleError);
    await expect(checkLimits(space, { macs: 10 })).rejects.toThrow(/least attainable/);
    await expect(checkLimits(space, { macs: 1e9, params: 10 })).rejects.toThrow(BudgetInfeasibleError);
    await expect(checkLimits(space, { macs: [1e8, 1e9] })).rejects.toThrow(/widen an interval/);
    await checkLimits(space, { macs: 1e9 });
    await checkLimits(space, { macs: [10, 1e9] });
  });

  test("limits may be intervals, and the networks may have to differ", async () => {
    const ratings = table([0.1, 0.25, 0.17, 0.05]);
    const all = allNetworks(ratings).sort((a, b) => a.score - b.score);
    const macs = all.map(macsOf).sort((a, b) => a - b);
    const limits = { macs: [macs[2], macs[Math.floor(macs.length / 2)]] as const };
    const { best, along, front } = await searchLimits(ratings, limits, { networks: 3 });
    expect(best.score).toBe(all.find((network) => meetsLimits(network, limits))!.score);
    expect(along.at(-1)).toBe(best);
    for (const network of along) expect(meetsLimits(network, limits)).toBe(true);
    expect(Math.max(...front.map(macsOf))).toBeGreaterThan(limits.macs[1]);
    const differing = await searchLimits(ratings, { macs: 1e9 }, { networks: 2, difference: 1 });
    expect(differing.best.score).toBe(all[0].score);
    const [a, b] = differing.along.map(({ choice }) => choice);
    expect(a.filter((candidate, block) => candidate === b[block])).toEqual([]);
    expect(await searchLimits(ratings, { macs: 1e9 })).toEqual(searchRatings(ratings, { macs: 1e9 }));
    expect(flatLimits({ ...limits, params: 9 })).toEqual({
      "macs from": limits.macs[0],
      macs: limits.macs[1],
      params: 9,
    });
  });

  test("random rivals have about the same MACs and depend on the seed alone", () => {
    const ratings = table([0.1, 0.2]);
    const { best } = searchRatings(ratings, {});
    const rivals = (seed: number) => randomRivals(ratings, best, { seed, count: 2, tolerance: 0.4 });
    for (const rival of rivals(1)) expect(Math.abs(macsOf(rival) / macsOf(best) - 1)).toBeLessThanOrEqual(0.4);
    expect(rivals(1)).toEqual(rivals(1));
    expect(randomRivals(ratings, best, { seed: 1, count: 0 })).toEqual([]);
  });
});

test("a comparison sets the best rated found network against the teacher and the random ones", () => {
  const point = (
    label: string,
    kind: FrontPoint["kind"],
    macs: number,
    accuracy: number,
    score?: number,
  ): FrontPoint => ({
    dataset: "d",
    label,
    kind,
    macs,
    params: 1,
    accuracy,
    images: 100,
    validationAccuracy: accuracy,
    score,
    file: "f",
  });
  const measured = [
    point("teacher", "teacher", 100, 0.92),
    point("found 1", "found", 30, 0.88, 1.5),
    point("found 2", "found", 45, 0.91, 1.2),
    point("random 1", "random", 44, 0.905, 1.9),
    point("random 2", "random", 46, 0.915, 1.4),
  ];
  const result = compare({ measured, predictedFront: [], predicted: [] });
  expect(result.best.label).toBe("found 2");
  const unrated = point("found 3", "found", 40, 0.5, Number.NaN);
  expect(compare({ measured: [unrated, ...measured], predictedFront: [], predicted: [] }).best.label).toBe("found 2");
  expect(result.macsShare).toBe(0.45);
  expect(result.toTeacher).toBeCloseTo(-0.01, 12);
  expect(result.toRandom).toBeCloseTo(0, 12);
  expect([result.beaten, result.randoms]).toEqual([1, 2]);
  expect(result.cost).toBe("of equal MACs");
  const far = [
    ...measured.slice(0, 4),
    { ...measured[4], macs: 60 },
    { ...measured[2], label: "random 3", kind: "random" as const, sameAs: "found 2" },
  ];
  // The network itself, drawn at random, stays a rival.
  expect(compare({ measured: far, predictedFront: [], predicted: [] })).toMatchObject({
    ...{ cost: "of MACs within 34 %", randoms: 3, alsoFound: ["random 3 is found 2"] },
  });
});
