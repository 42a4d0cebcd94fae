import { describe, expect, it } from "vitest";
import { BudgetInfeasibleError, ConfigError, SpaceError } from "../../src/core";
import {
  bruteForce,
  exactFront,
  leastAttainable,
  type RatingTable,
  ratingTable,
  searchBest,
  traversal,
} from "../../src/search";
import { spacePreset } from "../../src/space";

const space = spacePreset("dna-mini");
const table = ratingTable(space, ({ path }) => 1 / (1 + path.length + path[0]));
const least = leastAttainable(table, "macs").total;

function refusal(act: () => unknown): BudgetInfeasibleError {
  try {
    act();
  } catch (error) {
    if (error instanceof BudgetInfeasibleError) return error;
    throw error;
  }
  throw new Error("was not refused");
}

describe("an impossible budget", () => {
  it.each([
    ["traversal", (macs: number) => traversal(table, { macs })],
    ["searchBest", (macs: number) => searchBest(table, { macs })],
    ["exactFront", (macs: number) => exactFront(table, { budget: { macs } })],
  ])("%s names the least attainable and the blocks that set it", (_, search) => {
    const error = refusal(() => search(least - 1));
    expect(error.message).toContain(`the least attainable is`);
    expect(error.message).toContain(`(${least})`);
    expect(error.message).toMatch(/set by (block \d|stem|head) at least/);
    expect(error.details.least).toMatchObject({ macs: { total: least } });
    expect(() => search(least)).not.toThrow();
  });

  it("says of two limits that each can be met but not both, and how far one must give", () => {
    // One candidate with few MACs and many parameters, one the other way round, one between.
    const candidate = (i: number, macs: number, params: number) => {
      return { block: 0, cell: 0, path: [i], score: i, width: 8, cost: { macs: { 8: macs }, params: { 8: params } } };
    };
    const split: RatingTable = {
      space: "split",
      stemWidth: 8,
      stemCost: { macs: 1, params: 1 },
      headCost: { macs: { 8: 1 }, params: { 8: 1 } },
      blocks: [[candidate(0, 1, 9), candidate(1, 9, 1), candidate(2, 5, 5)]],
    };
    const error = refusal(() => searchBest(split, { macs: 5, params: 5 }));
    expect(error.message).toMatch(/macs <= 5 \(5\) and params <= 5 \(5\) at once, though each alone can be met/);
    expect(error.message).toContain("with params <= 5 (5) the least macs is 11 (11)");
    expect(error.details.together).toEqual({ macs: 11, params: 11 });
    expect(searchBest(split, { macs: 11, params: 5 })[0].choice[0].path).toEqual([1]);
    expect(searchBest(split, { macs: 7, params: 7 })[0].choice[0].path).toEqual([2]);
  });

  it("is the same error from brute force", () => {
    const small = { ...table, blocks: table.blocks.map((block) => block.slice(0, 4)) };
    expect(refusal(() => bruteForce(small, { macs: 1 })).message).toMatch(/least attainable/);
  });
});

describe("bad input", () => {
  it("an unrated candidate is refused by name", () => {
    const [first, ...rest] = table.blocks;
    const unrated = { ...table, blocks: [[{ ...first[0], score: Number.NaN }, ...first.slice(1)], ...rest] };
    expect(() => searchBest(unrated, {})).toThrow(/scores must be finite, got NaN for candidate .* of block 0/);
    expect(() => traversal({ ...table, blocks: [[], ...rest] }, {})).toThrow(/block 0 needs at least one candidate/);
  });

  it("a missing cost, a wrong k, a negative limit", () => {
    expect(() => searchBest(table, { latencyMs: 3 })).toThrow(SpaceError);
    expect(() => searchBest(table, {}, { k: 0 })).toThrow(ConfigError);
    expect(() => searchBest(table, { macs: -1 })).toThrow(ConfigError);
    expect(() => searchBest(table, { macs: Number.NaN })).toThrow(ConfigError);
  });

  it("a walk that would not end gives up", () => {
    expect(() => traversal(table, { macs: least * 2 }, { patience: 10 })).toThrow(/within 10 looks/);
  });

  it("scores that do not fit the space", () => {
    expect(() => ratingTable(space, [[1], [1], [1], [1]])).toThrow(/block 0 of dna-mini needs \d+ scores, got 1/);
  });

  it("no limit at all gives the best of all", () => {
    const best = table.blocks.map((block) => Math.min(...block.map(({ score }) => score)));
    expect(searchBest(table)[0].score).toBeCloseTo(
      best.reduce((sum, score) => sum + score, 0),
      12,
    );
    expect((table satisfies RatingTable).blocks).toHaveLength(4);
  });
});
