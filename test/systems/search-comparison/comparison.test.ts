import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DataError } from "../../../src/core";
import { type TableEntry, tableEvaluator } from "../../../src/evaluate";
import { orderedSearcher } from "../../../src/search";
import {
  changesText,
  parseChanges,
  searchTable,
  storedComparison,
  summariseTable,
} from "../../../src/systems/search-comparison";

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
    const half = (12.706 * Math.abs(first - 78)) / 2;
    expect(random.area.interval![1] - random.area.mean).toBeCloseTo(half, 9);
    expect(size.area).toEqual({ mean: 88 });
  });
});

describe("storedComparison", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-comparison-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("refuses what is no comparison, with the command that makes one", () => {
    expect(() => storedComparison(join(folder, "none.json"))).toThrow(/must exist.*npx blockwise study compare/);
    const other = join(folder, "other.json");
    for (const content of ["null", "[]", '{"tables":{}}', '{"settings":{"seeds":50,"evaluations":200},"tables":{}}']) {
      writeFileSync(other, content);
      expect(() => storedComparison(other), content).toThrow(DataError);
      expect(() => storedComparison(other), content).toThrow(/stored comparison of searchers.*npx blockwise study/);
    }
  });
});
