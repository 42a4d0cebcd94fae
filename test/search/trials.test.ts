import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BudgetInfeasibleError, ConfigError, Rng } from "../../src/core";
import {
  agingEvolution,
  allNetworks,
  type Budget,
  bestSoFar,
  type EvolutionOptions,
  type FoundNetwork,
  type RatingTable,
  randomSearch,
  ratingTable,
  searchBest,
} from "../../src/search";
import { spacePreset } from "../../src/space";
import { smallTables } from "./tables";

const small = { population: 4, sample: 2 };
const searches: readonly [string, (table: RatingTable, options: EvolutionOptions) => FoundNetwork[]][] = [
  ["randomSearch", randomSearch],
  ["agingEvolution", (table, options) => agingEvolution(table, { ...small, ...options })],
];
const limit = fc.integer({ min: 0, max: 60 });
const budgets: fc.Arbitrary<Budget> = fc.oneof(
  fc.constant({}),
  fc.record({ macs: limit }),
  fc.record({ macs: limit, params: limit }),
);
const idOf = ({ choice }: FoundNetwork) => choice.map(({ cell, path }) => `${cell}:${path}`).join("/");

describe.each(searches)("%s", (_, search) => {
  it("looks as often as told, within the budget, and never beats the exact optimum", () => {
    fc.assert(
      fc.property(smallTables(), budgets, fc.integer(), fc.integer({ min: 1, max: 30 }), (table, budget, seed, n) => {
        const run = () => search(table, { evaluations: n, budget, rng: new Rng(seed) });
        let optimum: FoundNetwork;
        try {
          [optimum] = searchBest(table, budget);
        } catch {
          expect(run).toThrow(BudgetInfeasibleError);
          return;
        }
        const seen = run();
        expect(seen).toHaveLength(n);
        const known = new Map(allNetworks(table).map((network) => [idOf(network), network]));
        for (const network of seen) {
          expect(network).toEqual(known.get(idOf(network)));
          expect(network.cost.macs).toBeLessThanOrEqual(budget.macs ?? Infinity);
          expect(network.cost.params).toBeLessThanOrEqual(budget.params ?? Infinity);
          expect(network.score).toBeGreaterThanOrEqual(optimum.score);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("is the same for the same seed, and a longer run begins with the shorter one", () => {
    fc.assert(
      fc.property(smallTables(), fc.integer(), fc.integer({ min: 1, max: 20 }), (table, seed, n) => {
        const run = (evaluations: number) => search(table, { evaluations, rng: new Rng(seed) }).map(idOf);
        expect(run(n)).toEqual(run(n));
        expect(run(n + 7).slice(0, n)).toEqual(run(n));
      }),
    );
  });

  it("refuses numbers of evaluations that are none", () => {
    const table = ratingTable(spacePreset("dna-mini"), () => 1);
    expect(() => search(table, { evaluations: 0, rng: new Rng(1) })).toThrow(ConfigError);
  });
});

describe("randomSearch", () => {
  it("draws uniformly among the networks within a limit", () => {
    const candidate = (block: number, i: number) => ({
      block,
      cell: 0,
      path: [i],
      score: i,
      width: 8,
      cost: { macs: { 8: 1 + 2 * i } },
    });
    const blocks = [0, 1, 2].map((block) => [0, 1, 2].map((i) => candidate(block, i)));
    const table = { space: "tiny", stemWidth: 8, stemCost: { macs: 1 }, headCost: { macs: { 8: 1 } }, blocks };
    const draws = 2000;
    const budget = { macs: 9 };
    const wanted = allNetworks(table).filter(({ cost }) => cost.macs! <= budget.macs).length;
    const seen = new Map<string, number>();
    for (const network of randomSearch(table, { evaluations: draws, budget, rng: new Rng(3) })) {
      seen.set(idOf(network), (seen.get(idOf(network)) ?? 0) + 1);
    }
    expect(seen.size).toBe(wanted);
    for (const count of seen.values())
      expect(Math.abs(count - draws / wanted)).toBeLessThan(5 * Math.sqrt(draws / wanted));
  });
});

describe("agingEvolution", () => {
  const rng = new Rng(5);
  const space = spacePreset("dna-mini");
  const table = ratingTable(space, () => rng.uniform());
  const worth = new Map(table.blocks.flat().map((row) => [row, row.path.reduce((sum, op) => sum + 1 + op, 0)]));
  const smooth = {
    ...table,
    blocks: table.blocks.map((rows) => rows.map((row) => ({ ...row, score: worth.get(row)! }))),
  };
  const budget = { macs: 3e6 };

  it("finds better networks than random search where neighbours are alike", () => {
    const last = (seen: FoundNetwork[]) => bestSoFar(seen).at(-1)!.score;
    const mean = (search: typeof agingEvolution | typeof randomSearch) =>
      [1, 2, 3].reduce((sum, seed) => sum + last(search(smooth, { evaluations: 200, budget, rng: new Rng(seed) })), 0) /
      3;
    expect(mean(agingEvolution)).toBeLessThan(mean(randomSearch));
  });

  it("has children that differ from an older living network in one block", () => {
    const population = 5;
    const seen = agingEvolution(table, { evaluations: 60, budget, rng: new Rng(2), population, sample: 3 });
    for (let i = population; i < seen.length; i++) {
      const parents = seen.slice(i - population, i);
      const differences = parents.map(({ choice }) => choice.filter((of, b) => of !== seen[i].choice[b]).length);
      expect(Math.min(...differences)).toBeLessThanOrEqual(1);
    }
  });
});

it("bestSoFar never rises, and is what was best until then", () => {
  fc.assert(
    fc.property(smallTables(), fc.integer(), (table, seed) => {
      const seen = randomSearch(table, { evaluations: 15, rng: new Rng(seed) });
      bestSoFar(seen).forEach(({ score }, i) => {
        expect(score).toBe(Math.min(...seen.slice(0, i + 1).map((network) => network.score)));
      });
    }),
  );
});
