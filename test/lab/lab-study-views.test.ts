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

  test("refuses an unknown rating or option", () => {
    expect(() => study.byBlockCount({ measure: "tau" as "nsr" })).toThrow(/measure must be/);
    expect(() => study.stored({ seed: 1 } as object)).toThrow(/did you mean seeds/);
  });
});
