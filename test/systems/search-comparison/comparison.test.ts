import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { nasBench201Evaluator, type TableEntry, tableEvaluator } from "../../../src/evaluate";
import { orderedSearcher } from "../../../src/search";
import { storedRatings } from "../../../src/systems/dna/ranking";
import {
  changesText,
  comparisonSummary,
  METHODS,
  parseChanges,
  SETTINGS,
  searchTable,
  storedComparison,
  summariseTable,
  TABLES,
} from "../../../src/systems/search-comparison";
import { searcherOf, seedsOf, worldOf } from "../../../src/systems/search-comparison/methods";

const entry = (validation: number, test: number, macs: number): TableEntry => ({
  validation,
  test,
  macs,
  params: 1,
  proxies: { size: macs },
});
const entries = new Map([
  ["a", entry(70, 71, 100)],
  ["b", entry(80, 78, 200)],
  ["c", entry(Number.NaN, 99, 300)],
  ["d", entry(80, 82, 400)],
  ["e", entry(90, 88, 500)],
]);
const table = tableEvaluator({ name: "tiny", entries, levels: [{ name: "size", cost: () => 0 }] });
const space = { key: (key: string) => key };

describe("searchTable", () => {
  it("chooses by validation, the first of equals and never NaN, and counts what it costs", () => {
    const { changes, evaluations, cost } = searchTable(orderedSearcher(space, ["c", "b", "d", "a", "e"]), table, 10);
    expect(changes).toEqual([
      { evaluations: 2, cost: 300 / 300 + 200 / 300, key: "b" },
      { evaluations: 5, cost: 5, key: "e" },
    ]);
    expect({ evaluations, cost }).toEqual({ evaluations: 5, cost: 5 });
  });

  it("stops after as many trainings as told, and keeps its changes in a line", () => {
    const { changes, evaluations } = searchTable(orderedSearcher(space, ["a", "b", "e"]), table, 2);
    expect(evaluations).toBe(2);
    expect(parseChanges(changesText(changes))).toEqual([
      { evaluations: 1, cost: 0.333, key: "a" },
      { evaluations: 2, cost: 1, key: "b" },
    ]);
    expect(parseChanges("")).toEqual([]);
  });
});

describe("summariseTable", () => {
  const runs = {
    random: [
      { seed: 1, changes: "1:1.000:a 20:20.000:e", evaluations: 200, cost: 200 },
      { seed: 2, changes: "4:4.000:b", evaluations: 200, cost: 100.5 },
    ],
    size: [{ seed: 1, changes: "1:1.000:e", evaluations: 200, cost: 300 }],
  };
  const summary = summariseTable("macro", table, runs);

  it("states the best possible by test, and what choosing by validation gives", () => {
    expect(summary.best).toEqual({ key: "c", test: 99 });
    expect(summary.chosen).toEqual({ key: "e", test: 88 });
    expect(summary.leastCost).toBe(100);
  });

  it("has curves where every run has a choice, with quartiles between the runs", () => {
    const { byEvaluations, byCost } = summary.methods[0];
    expect(byEvaluations.x[0]).toBe(5);
    expect([byEvaluations.lower[0], byEvaluations.median[0], byEvaluations.upper[0]]).toEqual([72.75, 74.5, 76.25]);
    expect(byEvaluations.median.at(-1)).toBe((88 + 78) / 2);
    expect(byCost.x.at(-1)).toBe(100);
  });

  it("has areas with intervals over runs, and none of a single run", () => {
    const [random, size] = summary.methods;
    const first = (10 * 71 + 181 * 88) / 191;
    expect(random.area.mean).toBeCloseTo((first + 78) / 2, 9);
    const half = (1.96 * Math.abs(first - 78)) / 2;
    expect(random.area.interval![1] - random.area.mean).toBeCloseTo(half, 9);
    expect(size.area).toEqual({ mean: 88 });
  });
});

describe("the stored comparison", () => {
  const stored = storedComparison();

  it("has every searcher on every table, with 50 seeds where it draws", () => {
    expect(stored.settings).toEqual(SETTINGS);
    const ratings = storedRatings(resolve("notebooks/expected/02_dna_ranking"));
    for (const name of TABLES) {
      const world = worldOf(name, ratings);
      for (const method of METHODS) {
        expect(stored.tables[name][method]?.map(({ seed }) => seed) ?? [], `${method} on ${name}`).toEqual(
          seedsOf(method, world),
        );
      }
    }
    expect(SETTINGS.seeds).toBeGreaterThanOrEqual(50);
  });

  it("is what the same searchers do again", () => {
    const ratings = storedRatings(resolve("notebooks/expected/02_dna_ranking"));
    for (const name of ["201-cifar100", "macro"] as const) {
      const world = worldOf(name, ratings);
      // Those that need no engine, whose roundings differ between machines.
      for (const method of METHODS.filter((one) => one !== "smbo-mlp")) {
        for (const run of (stored.tables[name][method] ?? []).slice(0, 2)) {
          const again = searchTable(searcherOf(method, world, run.seed), world.evaluator, SETTINGS.evaluations);
          expect(changesText(again.changes), `${method}, seed ${run.seed}`).toBe(run.changes);
        }
      }
    }
  });

  it("never claims more than the best possible", () => {
    for (const { methods, best } of comparisonSummary(stored)) {
      for (const { final, area, byEvaluations } of methods) {
        expect(final.mean).toBeLessThanOrEqual(best.test);
        expect(area.mean).toBeLessThanOrEqual(best.test);
        expect(Math.max(...byEvaluations.upper)).toBeLessThanOrEqual(best.test);
      }
    }
  });

  it("states NAS-Bench-201's best CIFAR-10 test accuracy as its table has it", () => {
    const [summary] = comparisonSummary(stored);
    expect(summary.best.test).toBe(
      Math.max(...[...nasBench201Evaluator("cifar10").entries.values()].map(({ test }) => test)),
    );
    expect(summary.best.test).toBe(89.16);
  });
});
