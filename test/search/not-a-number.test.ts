import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, Rng, SpaceError } from "../../src/core";
import {
  agingEvolution,
  allNetworks,
  bestSoFar,
  bruteForce,
  exactFront,
  type FoundNetwork,
  hypervolume,
  ilpSearch,
  leastAttainable,
  paretoFront,
  type RatedCandidate,
  type RatingTable,
  randomNetworks,
  randomSearch,
  searchBest,
  traversal,
} from "../../src/search";

const nothing = fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
const number = fc.integer({ min: -20, max: 20 });
const finite = fc.record({ cost: number, value: number });
const broken = fc.oneof(
  fc.record({ cost: nothing, value: number }),
  fc.record({ cost: number, value: nothing }),
  fc.record({ cost: nothing, value: nothing }),
);
const better = fc.constantFrom("lower" as const, "higher" as const);

const candidate = (block: number, i: number): RatedCandidate => ({
  block,
  cell: 0,
  path: [i],
  score: 1 + i,
  width: 8,
  cost: { macs: { 8: 10 - i }, params: { 8: 3 } },
});

const table: RatingTable = {
  space: "small",
  stemWidth: 8,
  stemCost: { macs: 1, params: 1 },
  headCost: { macs: { 8: 1 }, params: { 8: 1 } },
  blocks: [0, 1].map((block) => [0, 1, 2].map((i) => candidate(block, i))),
};

function withCandidate(change: (row: RatedCandidate) => RatedCandidate): RatingTable {
  return { ...table, blocks: [table.blocks[0], table.blocks[1].map((row, i) => (i === 2 ? change(row) : row))] };
}

/** Every way to search, by name. */
const searches: Record<string, (of: RatingTable, budget: { macs: number }) => unknown> = {
  searchBest: (of, budget) => searchBest(of, budget),
  exactFront: (of, budget) => exactFront(of, { budget }),
  "exactFront under two limits": (of, budget) => exactFront(of, { axis: "params", budget }),
  traversal: (of, budget) => traversal(of, budget),
  bruteForce: (of, budget) => bruteForce(of, budget),
  ilpSearch: (of, budget) => ilpSearch(of, budget),
  randomSearch: (of, budget) => randomSearch(of, { evaluations: 2, budget, rng: new Rng(1) }),
  agingEvolution: (of, budget) => agingEvolution(of, { evaluations: 2, budget, rng: new Rng(1) }),
  randomNetworks: (of, { macs }) => randomNetworks(of, { near: macs, tolerance: 1, count: 1, rng: new Rng(1) }),
};

describe("what is not a finite number never wins", () => {
  it("neither stands on a front nor adds to a hypervolume, nor takes away from one", () => {
    fc.assert(
      fc.property(
        fc.array(finite, { maxLength: 12 }),
        fc.array(broken, { maxLength: 6 }),
        better,
        fc.infiniteStream(fc.nat()),
        (good, bad, way, order) => {
          const mixed = [...good, ...bad]
            .map((point) => ({ point, at: order.next().value }))
            .sort((a, b) => a.at - b.at);
          const points = mixed.map(({ point }) => point);
          expect(paretoFront(points, way)).toEqual(paretoFront(good, way));
          const reference = { cost: 25, value: way === "lower" ? 25 : -25 };
          expect(hypervolume(points, reference, way)).toBe(hypervolume(good, reference, way));
        },
      ),
    );
  });

  it("counts the two points that are numbers, and refuses a reference that is none", () => {
    const points = [
      { cost: 1, value: -2 },
      { cost: 2, value: -3 },
      { cost: Number.NaN, value: -5 },
    ];
    expect(hypervolume(points, { cost: 3, value: 0 })).toBe(5);
    expect(paretoFront(points)).toEqual(points.slice(0, 2));
    expect(() => hypervolume(points, { cost: Number.NaN, value: 0 })).toThrow(ConfigError);
  });

  for (const [name, search] of Object.entries(searches)) {
    it(`${name} refuses a table with such a score or cost, naming block and candidate, and a limit that is NaN`, async () => {
      await expect((async () => search(table, { macs: 30 }))()).resolves.toBeDefined();
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const score = withCandidate((row) => ({ ...row, score: value }));
        await expect((async () => search(score, { macs: 30 }))()).rejects.toThrow(
          /scores must be finite.*\[2\] of block 1/,
        );
        const cost = withCandidate((row) => ({ ...row, cost: { ...row.cost, macs: { 8: value } } }));
        await expect((async () => search(cost, { macs: 30 }))()).rejects.toThrow(
          /macs.*\[2\] of block 1, cell 0 behind width 8/,
        );
        const stem = { ...table, stemCost: { macs: value, params: 1 } };
        await expect((async () => search(stem, { macs: 30 }))()).rejects.toThrow(SpaceError);
        const head = { ...table, headCost: { macs: { 8: value }, params: { 8: 1 } } };
        await expect((async () => search(head, { macs: 30 }))()).rejects.toThrow(/the head behind width 8/);
      }
      await expect((async () => search(table, { macs: Number.NaN }))()).rejects.toThrow(ConfigError);
    });
  }

  it("says so too when asked for the least attainable", () => {
    const broken = withCandidate((row) => ({ ...row, cost: { ...row.cost, macs: { 8: Number.NaN } } }));
    expect(() => leastAttainable(broken, "macs")).toThrow(/\[2\] of block 1/);
  });

  it("is never the best so far once anything has a score", () => {
    const network = (score: number): FoundNetwork => ({ choice: [], score, cost: {} });
    const seen = [Number.NaN, 3, Number.NaN, 2, 5].map(network);
    expect(bestSoFar(seen).map(({ score }) => score)).toEqual([Number.NaN, 3, 3, 2, 2]);
  });

  it("a front's own point is found again under a limit of its exact cost, whatever the order of summing", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 30 }), (seed) => {
        const rng = new Rng(seed);
        const blocks = [0, 1, 2].map((block) =>
          [0, 1, 2, 3].map((i) => ({
            ...candidate(block, i),
            score: rng.uniform(),
            cost: { latencyMs: { 8: rng.uniform() } },
          })),
        );
        const timed = {
          ...table,
          stemCost: { latencyMs: rng.uniform() },
          headCost: { latencyMs: { 8: rng.uniform() } },
          blocks,
        };
        for (const { score, cost } of exactFront(timed, { axis: "latencyMs" })) {
          const budget = { latencyMs: cost.latencyMs! };
          expect(searchBest(timed, budget)[0].score).toBeCloseTo(score, 12);
          expect(traversal(timed, budget).score).toBeCloseTo(score, 12);
          expect(exactFront(timed, { axis: "latencyMs", budget }).at(-1)!.score).toBe(score);
        }
        expect(allNetworks(timed)).toHaveLength(64);
      }),
    );
  });
});
