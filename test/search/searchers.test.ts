import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BudgetInfeasibleError, Rng } from "../../src/core";
import {
  allNetworks,
  type Budget,
  bruteForce,
  exactFront,
  type FoundNetwork,
  ilpBest,
  type RatingTable,
  ratingTable,
  searchBest,
  traversal,
} from "../../src/search";
import { spacePreset } from "../../src/space";
import { smallTables } from "./tables";

const limit = fc.integer({ min: 0, max: 60 });
const budgets: fc.Arbitrary<Budget> = fc.oneof(
  fc.record({ macs: limit }),
  fc.record({ params: limit }),
  fc.record({ macs: limit, params: limit }),
);

/** Score of the best network, or "infeasible". */
function scoreOf(search: () => FoundNetwork): number | "infeasible" {
  try {
    return search().score;
  } catch (error) {
    if (error instanceof BudgetInfeasibleError) return "infeasible";
    throw error;
  }
}

/** Pairs (cost, score) that no network beats, by looking at all. */
function frontByForce(table: RatingTable, budget: Budget, axis: "macs" | "params"): string[] {
  const within = allNetworks(table).filter(
    ({ cost }) => cost.macs! <= (budget.macs ?? Infinity) && cost.params! <= (budget.params ?? Infinity),
  );
  const points = within.map(({ cost, score }) => [cost[axis]!, score]);
  const best = points.filter(([c, s]) => !points.some(([c2, s2]) => c2 <= c && s2 <= s && (c2 < c || s2 < s)));
  return [...new Set(best.sort((a, b) => a[0] - b[0]).map(String))];
}

describe("the searchers agree on small tables with pairwise costs", () => {
  it("traversal = best-first = brute force, for one limit and for two", () => {
    fc.assert(
      fc.property(smallTables(), budgets, (table, budget) => {
        const expected = scoreOf(() => bruteForce(table, budget)[0]);
        expect(scoreOf(() => traversal(table, budget))).toBe(expected);
        expect(scoreOf(() => searchBest(table, budget)[0])).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it("the exact front is the front of all networks, with and without further limits", () => {
    fc.assert(
      fc.property(
        smallTables(),
        fc.oneof(fc.constant({}), budgets),
        fc.constantFrom("macs" as const, "params" as const),
        (table, budget, axis) => {
          const expected = frontByForce(table, budget, axis);
          let front: FoundNetwork[] = [];
          try {
            front = exactFront(table, { axis, budget });
          } catch (error) {
            expect(error).toBeInstanceOf(BudgetInfeasibleError);
          }
          expect(front.map(({ cost, score }) => String([cost[axis], score]))).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("the last point of the front within a limit is the optimum for that limit", () => {
    fc.assert(
      fc.property(smallTables(), limit, (table, macs) => {
        const within = exactFront(table).filter(({ cost }) => cost.macs! <= macs);
        expect(within.at(-1)?.score ?? "infeasible").toBe(scoreOf(() => traversal(table, { macs })));
      }),
    );
  });

  it("the k best are the first k of all networks, without repeats", () => {
    fc.assert(
      fc.property(smallTables(), budgets, fc.integer({ min: 1, max: 12 }), (table, budget, k) => {
        fc.pre(scoreOf(() => searchBest(table, budget)[0]) !== "infeasible");
        const found = searchBest(table, budget, { k });
        expect(found.map(({ score }) => score)).toEqual(bruteForce(table, budget, { k }).map(({ score }) => score));
        expect(new Set(found.map(({ choice }) => choice.map(({ path }) => path[0]).join("-"))).size).toBe(found.length);
      }),
    );
  });

  it("what is found meets its limits, and a wider budget is never worse", () => {
    fc.assert(
      fc.property(smallTables(), limit, limit, fc.nat(20), (table, macs, params, more) => {
        fc.pre(scoreOf(() => searchBest(table, { macs, params })[0]) !== "infeasible");
        const [tight] = searchBest(table, { macs, params });
        expect(tight.cost.macs).toBeLessThanOrEqual(macs);
        expect(tight.cost.params).toBeLessThanOrEqual(params);
        const [wide] = searchBest(table, { macs: macs + more, params: params + more });
        expect(wide.score).toBeLessThanOrEqual(tight.score);
      }),
    );
  });

  it("the linear programme finds the same optimum", async () => {
    const tables = fc.sample(fc.tuple(smallTables(), fc.record({ macs: limit, params: limit })), {
      numRuns: 12,
      seed: 7,
    });
    for (const [table, budget] of tables) {
      const expected = scoreOf(() => bruteForce(table, budget)[0]);
      const solved = await ilpBest(table, budget).then(
        ({ score }) => score,
        (error: unknown) => (error instanceof BudgetInfeasibleError ? "infeasible" : Promise.reject(error)),
      );
      expect(solved).toBe(expected);
    }
  });
});

describe("search in a real space", () => {
  const rng = new Rng(5);
  const table = ratingTable(
    spacePreset("dna-mini"),
    // The cheaper an op, the worse.
    ({ path }) => path.reduce((sum, op) => sum + ((4 - op) % 3) + 4 - op, 1) / path.length ** 2 + rng.uniform(),
  );

  it("traversal, best-first and front agree at several budgets", () => {
    const front = exactFront(table);
    expect(front.length).toBeGreaterThan(20);
    for (const share of [0.1, 0.3, 0.6]) {
      const point = front[Math.floor(front.length * share)];
      const budget = { macs: point.cost.macs! };
      expect(searchBest(table, budget)[0].score).toBeCloseTo(point.score, 12);
      expect(traversal(table, budget).score).toBeCloseTo(point.score, 12);
      const both = { ...budget, params: point.cost.params! * 0.95 };
      expect(traversal(table, both).score).toBeCloseTo(searchBest(table, both)[0].score, 12);
    }
  });

  it("a front is not dominated and falls as it costs more", () => {
    const front = exactFront(table, { axis: "params", budget: { macs: 3_000_000 } });
    front.slice(1).forEach(({ cost, score }, i) => {
      expect(cost.params).toBeGreaterThan(front[i].cost.params!);
      expect(score).toBeLessThan(front[i].score);
    });
  });
});
