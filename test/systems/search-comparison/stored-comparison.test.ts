import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { nasBench201Evaluator } from "../../../src/evaluate";
import { storedRatings } from "../../../src/study/ranking";
import {
  COMPARISON_SETTINGS,
  changesText,
  comparisonSummary,
  METHODS,
  searchTable,
  storedComparison,
  TABLES,
} from "../../../src/systems/search-comparison";
import { comparedBenchmark, searcherOf, seedsOf } from "../../../src/systems/search-comparison/methods";

describe("the stored comparison", () => {
  const stored = storedComparison();

  it("has every searcher on every table, with 50 seeds where it draws", () => {
    expect(stored.settings).toEqual(COMPARISON_SETTINGS);
    const ratings = storedRatings(resolve("notebooks/expected/02_dna_ranking"));
    for (const name of TABLES) {
      const benchmark = comparedBenchmark(name, ratings);
      for (const method of METHODS) {
        expect(stored.tables[name][method]?.map(({ seed }) => seed) ?? [], `${method} on ${name}`).toEqual(
          seedsOf(method, benchmark),
        );
      }
    }
    expect(COMPARISON_SETTINGS.seeds).toBeGreaterThanOrEqual(50);
  });

  it("is what the same searchers do again", () => {
    const ratings = storedRatings(resolve("notebooks/expected/02_dna_ranking"));
    for (const name of ["201-cifar100", "macro"] as const) {
      const benchmark = comparedBenchmark(name, ratings);
      // Those that need no engine, whose roundings differ between machines.
      for (const method of METHODS.filter((one) => one !== "smbo-mlp")) {
        for (const run of (stored.tables[name][method] ?? []).slice(0, 2)) {
          const again = searchTable(
            searcherOf(method, benchmark, run.seed),
            benchmark.evaluator,
            COMPARISON_SETTINGS.evaluations,
          );
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
