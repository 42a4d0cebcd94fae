import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { blockwise } from "./blockwise";

const folder = mkdtempSync(join(tmpdir(), "blockwise-study-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const runs = ["--runs-dir", join(folder, "runs")];

describe("blockwise study eeea --summary", () => {
  it("computes rejection, volumes and costs from the stored searches", async () => {
    const { code, out } = await blockwise("study", "eeea", "--summary", "--json", ...runs);
    expect(code).toBe(0);
    const { arms, sizesAgree } = JSON.parse(out);
    const of = (name: string) => arms.find(({ arm }: { arm: string }) => arm === name);
    expect(of("ga-25")).toMatchObject({ firstWithin: 1, limit: { params: 157_306 } });
    expect(of("ga-25").cost.against.mean).toBeLessThan(1);
    expect(of("random").volumes).toHaveLength(20);
    expect(of("ga").rejection).toBeUndefined();
    expect(sizesAgree.table).toBeCloseTo(1, 12);
  });

  it("prints a table, a line a search", async () => {
    const { out } = await blockwise("study", "eeea", "--summary", "--quiet", ...runs);
    expect(out).toMatch(/400 networks each, means of 10 seeds/);
    expect(out).toMatch(/^early exit at 25 % +157,306 +75\.3 %/m);
  });
});

describe("blockwise study pnas --summary", () => {
  it("computes evaluations needed, predictors' agreement and the published cell's rank from what is stored", async () => {
    const { code, out } = await blockwise("study", "pnas", "--summary", "--json", ...runs);
    expect(code).toBe(0);
    const { tables, agreement, published, quality } = JSON.parse(out);
    expect(tables.map(({ table }: { table: string }) => table)).toEqual(["fashion", "201"]);
    expect(tables[1]).toMatchObject({ cells: 15_625, complete: 15_625 });
    expect(agreement).toHaveLength(15);
    expect(published.randoms).toHaveLength(20);
    expect(quality.rho).toBeGreaterThan(0.5);
  });

  it("prints tables of evaluations and of predictors", async () => {
    const { out } = await blockwise("study", "pnas", "--summary", "--quiet", ...runs);
    expect(out).toMatch(/^NAS-Bench-201, CIFAR-10 +200 +8\d\.\d\d/m);
    expect(out).toMatch(/medians of 20 seeds/);
    expect(out).toMatch(/^stored cells, Fashion-MNIST +2 +MLP ensemble +0\.\d\d/m);
  });
});

describe("blockwise study of a table", () => {
  it.each([
    [["eeea", "ranking"], /got ranking with it/],
    [["compare", "eeea"], /must come alone/],
    [["eeea-trained", "ranking"], /study eeea-trained: must come alone.*got ranking/],
    [["eeea-trained", "--seed", "1"], /got --seed with it/],
    [["eeea-trained", "--summary", "--threads", "2"], /must come without --threads, got 2/],
    [["eeea", "--seed", "1"], /got --seed with it/],
    [["eeea", "--threads", "2"], /got --threads with it/],
    [["eeea", "--images", "x"], /got --images with it/],
    [["compare", "--variant", "x"], /got --variant with it/],
    [["compare", "--summary", "--threads", "2"], /must come without --threads, got 2/],
    [["pnas", "ranking"], /study pnas: must come alone.*got ranking/],
    [["pnas-table", "ranking"], /study pnas-table: must come alone.*got ranking/],
    [["pnas", "--seed", "1"], /got --seed with it/],
    [["pnas-table", "--summary"], /got --summary with it/],
    [["pocketnet", "ranking"], /study pocketnet: must come alone.*got ranking/],
    [["pocketnet", "--seed", "1"], /got --seed with it/],
    [["pocketnet", "--summary", "--threads", "2"], /must come without --threads, got 2/],
    [["systems", "ranking"], /study systems: must come alone.*got ranking/],
    [["systems", "--seed", "1"], /got --seed with it/],
    [["systems", "--summary", "--threads", "2"], /must come without --threads, got 2/],
    [["pnas", "--summary", "--threads", "2"], /must come without --threads, got 2/],
    [["improve", "--threads", "2"], /got --threads with it/],
    [["improve-proxy", "ranking"], /study improve-proxy: must come alone.*got ranking/],
    [["improve-proxy", "--seed", "1"], /got --seed with it/],
    [["improve-proxy", "--summary", "--threads", "2"], /must come without --threads, got 2/],
    [
      ["ranking", "--variant", "nope", "--summary"],
      /must be one of its variants and seeds, got variant nope; there are \w+.* \(seeds \d/,
    ],
    [["ranking", "--variant", "dnaa", "--summary"], /got variant dnaa; did you mean dna\? there are/],
    [["ranking", "--seed", "99", "--summary"], /got seed 99; there are/],
    [["ranking", "--seed", "1", "--summary"], /must come without --seed, got 1; leave out --seed/],
    [["ranking", "--images", "x", "--summary"], /must come without --images, got x/],
    [["ranking", "--threads", "1", "--summary"], /must come without --threads, got 1/],
    [
      ["eea"],
      /one of ranking.*improve, improve-proxy, compare, eeea, eeea-trained, pnas, pnas-table, econas, econas-table, csnas, pocketnet, systems, got "eea"; did you mean eeea\?/,
    ],
  ])("refuses %j", async (args, message) => {
    const { code, out, err } = await blockwise("study", ...args, ...runs);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(message);
    expect(err).not.toContain("    at ");
  });
});
