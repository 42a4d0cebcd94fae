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
    const ranking = study.ranking();
    expect(ranking.result()).toMatchObject({ tau_dna: dna.weighted.tau, networks_reported: 3869 });
    expect(ranking.result().tau_spos).toBeCloseTo(stored.tau_spos, 4);
    expect(ranking.measures().rows).toHaveLength(2 * study.summary().measures.length);
    const rivals = ranking.rivals().rows.map(([name]) => name);
    expect(rivals).toEqual(
      expect.arrayContaining(["ours, weighted", "ridge on all ratings", "MACs by block, weighted"]),
    );
    expect(ranking.spos()?.rows).toHaveLength(6);
    const met = (tau: number) => ranking.targets({ tau, concordance: 0.45, regret: 0.8 })[0].met;
    expect([met(dna.weighted.tau), met(dna.weighted.tau + 1e-6)]).toEqual([true, false]);
    expect(() => study.scatter("no-such-variant")).toThrow(/no ratings of no-such-variant/);
  });
});
