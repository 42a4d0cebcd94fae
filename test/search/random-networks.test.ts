import { describe, expect, it } from "vitest";
import { BudgetInfeasibleError, Rng } from "../../src/core";
import {
  allNetworks,
  leastAttainable,
  type RatedCandidate,
  type RatingTable,
  randomNetworks,
  ratingTable,
} from "../../src/search";
import { spacePreset } from "../../src/space";

const table = ratingTable(spacePreset("dna-mini"), () => 1);
const { total: least } = leastAttainable(table, "macs");

describe("randomNetworks", () => {
  it.each([3, 5, 10, 20])("draws distinct networks near %f times the least MACs", (times) => {
    const near = least * times;
    const networks = randomNetworks(table, { near, tolerance: 0.02, count: 6, rng: new Rng(1) });
    const ids = networks.map(({ choice }) => choice.map(({ cell, path }) => `${cell}${path}`).join("|"));
    expect(new Set(ids).size).toBe(6);
    for (const { cost } of networks) expect(Math.abs(cost.macs! - near)).toBeLessThanOrEqual(0.02 * near);
  });

  it("draws the same for the same seed and others for another", () => {
    const draw = (seed: number) =>
      randomNetworks(table, { near: 5 * least, count: 3, rng: new Rng(seed) }).map(({ cost }) => cost.macs);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
  });

  it("is uniform over the networks within the range", () => {
    // 3 blocks of 3 candidates: 27 networks, of which those of 9 to 11 MACs are wanted.
    const candidate = (block: number, i: number): RatedCandidate => {
      return { block, cell: 0, path: [i], score: 0, width: 8, cost: { macs: { 8: 1 + 2 * i } } };
    };
    const tiny: RatingTable = {
      space: "tiny",
      stemWidth: 8,
      stemCost: { macs: 1 },
      headCost: { macs: { 8: 1 } },
      blocks: [0, 1, 2].map((block) => [0, 1, 2].map((i) => candidate(block, i))),
    };
    const wanted = allNetworks(tiny).filter(({ cost }) => cost.macs! >= 9 && cost.macs! <= 11);
    const seen = new Map<string, number>();
    const draws = 3000;
    for (let i = 0; i < draws; i++) {
      const [network] = randomNetworks(tiny, { near: 10, tolerance: 0.1, count: 1, rng: new Rng(i) });
      const id = network.choice.map(({ path }) => path[0]).join("");
      seen.set(id, (seen.get(id) ?? 0) + 1);
    }
    expect(seen.size).toBe(wanted.length);
    const expected = draws / wanted.length;
    const chiSquare = [...seen.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    // 99.99 % quantile of chi-square with as many degrees of freedom as networks (a fixed seed: it cannot flicker).
    expect(chiSquare).toBeLessThan(wanted.length + 4 * Math.sqrt(2 * wanted.length) + 10);
  });

  it("refuses numbers out of range by the option's name", () => {
    const draw = (options: object) => () =>
      randomNetworks(table, { near: least, count: 1, rng: new Rng(1), ...options });
    expect(draw({ near: 0 })).toThrow(/near must be a number above 0, got 0/);
    expect(draw({ near: Number.POSITIVE_INFINITY })).toThrow(/near must be/);
    expect(draw({ tolerance: -0.1 })).toThrow(/tolerance must be a number, 0 or more, got -0.1/);
    expect(draw({ count: 1.5 })).toThrow(/count must be a whole number from 0, got 1.5/);
  });

  it("refuses when there are not so many", () => {
    expect(() => randomNetworks(table, { near: least / 2, count: 1, rng: new Rng(1) })).toThrow(BudgetInfeasibleError);
    expect(() => randomNetworks(table, { near: least, tolerance: 0, count: 2, rng: new Rng(1) })).toThrow(/found 1/);
  });
});
