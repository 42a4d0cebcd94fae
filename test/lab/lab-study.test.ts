import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, packageRoot } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { lab } from "../../src/lab";

describe("lab.study", () => {
  test("names the studies that there are, and says where the benchmark's table comes from", () => {
    expect(() => lab.study("no-such-study")).toThrow(ConfigError);
    expect(() => lab.study("no-such-study")).toThrow(/ranking, block-count, distillation, leads, teacher, search/);
    expect(() => lab.study("ranking", { truth: "nowhere.json" })).toThrow(ConfigError);
    expect(() => lab.study("ranking", { truth: "nowhere.json" })).toThrow(/github.com\/xiusu\/NAS-Bench-Macro/);
  });

  test("computes the committed figures from the committed ratings", async () => {
    const study = lab.study("ranking");
    const stored = JSON.parse(readFileSync(join(packageRoot(), "notebooks/expected/02_dna_ranking.json"), "utf8"));
    const [dna] = study.summary().variants;
    expect(dna.weights).toEqual(stored.weights);
    expect(dna.weighted.tau).toBeCloseTo(stored.tau_dna, 4);
    expect(dna.weighted.concordance).toBeCloseTo(stored.concordance_dna, 4);
    expect(dna.weighted.regret).toBeCloseTo(stored.regret_dna, 4);
    expect(study.ratings.map(({ seed }) => seed)).toEqual(stored.variants[0].seeds);
    for (const path of stored.ratings) expect(existsSync(join(packageRoot(), path))).toBe(true);
    const shown = await study[DISPLAY]();
    expect(shown["text/plain"]).toContain("MACs alone");
    const figure = await study.scatter()[DISPLAY]();
    expect(Object.keys(figure)).toContain("application/vnd.plotly.v1+json");
    expect(() => study.scatter("no-such-variant")).toThrow(/no ratings of no-such-variant/);
  });
});
