import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { lab } from "../../src/lab";

describe("lab.study().byBlockCount()", () => {
  const study = lab.study("block-count");
  const counts = study.byBlockCount({ seeds: 1 });

  test("has a row for every number of blocks, and what each could reach at best", () => {
    expect(counts.settings().rows.map(([K]) => K)).toEqual([1, 2, 3, 4, 8]);
    expect(counts.limits().rows.map(([name]) => name)).toEqual([
      ...[1, 2, 3, 4, 8],
      "MACs alone",
      "one training against another",
    ]);
    expect(counts.result().k1_tau_if_known).toBeCloseTo(1, 9);
    expect(counts.result().k3_tau).toBe(counts.counts.base?.summary.weighted.tau);
  });

  test("shows agreement with the control for the weights, block by block, stage by stage, and the cost", () => {
    const rows = counts.table().rows.map(([K, sum]) => `${K} ${sum}`);
    expect(rows).toContain("8 MACs by block, weighted");
    expect(rows).toContain("3 weighted, rated on 64 images");
    expect(rows).not.toContain("1 weighted");
    expect(counts.blocks().columns).toHaveLength(9);
    expect(counts.stages().rows).toHaveLength(5);
    expect(counts.cost().rows.map(([K, , , rated]) => [K, rated])).toContainEqual([3, 51]);
    expect(counts.found().rows.at(-1)?.[2]).toMatch(/best possible/);
    expect(counts.spread().rows.map((row) => row[2])).toEqual(["", "", "", "", ""]);
  });

  test("draws each measure against K, seeds, cost and scatters, and refuses another measure by name", async () => {
    const shown = await counts.figure("regret")[DISPLAY]();
    expect(shown["text/plain"]).toContain("Picking under a budget");
    expect(() => counts.figure("regrets" as "regret")).toThrow(ConfigError);
    expect(counts.scatters({ networks: 20 })).toHaveLength(3);
    expect(counts.scatters({ networks: 20, blocks: [2] })).toHaveLength(1);
    expect(() => counts.scatters({ seed: 99 })).toThrow(/seed 99, and there are K = 1 \(seed 1\)/);
    expect(() => counts.scatters({ blocks: [5] })).toThrow(ConfigError);
    expect(() => counts.scatters({ network: 20 } as object)).toThrow(/did you mean networks/);
    expect(counts.seeds().figure.data).toHaveLength(1);
    expect(counts.costFigure().figure.data).toHaveLength(2);
  });

  test("says what came of it from the values, and that one seed judges nothing", () => {
    const said = counts.conclusions();
    expect(said[0]).toMatch(/^Result, of the K rated so far \(1, 2, 3, 4, 8\)/);
    expect(said).toContain("K = 3 has fewer than two seeds here: no difference can be judged.");
    expect(said.at(-1)).toMatch(/^Rated on 64 images instead of 1000, K = 3/);
    expect(counts.findings().filter((one) => one !== undefined)).toHaveLength(6);
    expect(counts.sameImages()).toMatch(/^Rated on 500 images as the others, K = 1/);
    expect(counts.standing().at(-1)).toMatch(/stored/);
  });

  test("says of each leader what its difference from K = 3 is worth beside the seeds", () => {
    const all = study.byBlockCount();
    const [leaders] = all.conclusions();
    const verdicts = Object.fromEntries(all.spread().rows.map((row) => [row[0], row.at(-1)]));
    expect(verdicts[2]).toBe("as seeds differ");
    expect(leaders).toMatch(
      /regret lowest with K = 2 \(0\.79 points, one seed; MACs alone 2\.65; the difference from K = 3, 1\.21, is no more than seeds differ by\)/,
    );
    expect(leaders).toMatch(/tau is highest with K = 8 \(0\.842; .*K = 3, 0\.643, is more than seeds differ by\)/);
    expect(all.conclusions()).toContain(
      "Seeds of K = 3 lie 0.019 apart in tau, and in tau K = 1, 2, 4, 8 differ from it by more than twice that; they lie 1.07 points apart in regret, and in regret no other K differs from it by more than twice that.",
    );
    expect(counts.conclusions()[0]).toMatch(/K = 3, \S+, cannot be judged/);
  });

  test("refuses a study whose variants are all cut alike, with the views that fit it", () => {
    expect(() => lab.study("distillation").byBlockCount()).toThrow(ConfigError);
    expect(() => lab.study("distillation").byBlockCount()).toThrow(
      /variants must differ in their cuts, and all 5 have the same \(after layers 2, 5\).*\.settings\(\)/,
    );
    expect(() => lab.study("ranking").byBlockCount()).toThrow(/one variant.*lab\.study\("ranking"\)\.ranking\(\)/);
  });

  test("refuses an unknown rating or option", () => {
    expect(() => study.byBlockCount({ measure: "tau" as "nsr" })).toThrow(/measure must be/);
    expect(() => study.stored({ seed: 1 } as object)).toThrow(/did you mean seeds/);
  });
});
