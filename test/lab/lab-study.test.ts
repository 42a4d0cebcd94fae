import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, formatCount, packageRoot } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { lab } from "../../src/lab";
import { rivalsTable } from "../../src/lab/values/study-tables";

describe("lab.study", () => {
  test("names the studies that there are, and says where the benchmark's table comes from", () => {
    expect(() => lab.study("no-such-study")).toThrow(ConfigError);
    expect(() => lab.study("no-such-study")).toThrow(
      /ranking, block-count, distillation, leads, teacher, teacher-labels, search/,
    );
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

    // Where regret is lost, as the tables have it.
    const [overall, ends, apart, least, begin] = ranking.regretFindings();
    const { weighted, plain, budgets } = ranking.regrets();
    expect(overall).toMatch(
      /^Mean regret 1\.21 points weighted \(by seed 1\.55, 0\.51, 1\.58\), 1\.13 plain \(.*the difference is no more than/,
    );
    expect(ends).toContain(
      `${((weighted[0] + weighted[1]) / 2).toFixed(2)} weighted and ${((plain[0] + plain[1]) / 2).toFixed(2)} plain`,
    );
    const gaps = weighted.map((regret, i) => Math.abs(regret - plain[i]));
    const most = gaps.indexOf(Math.max(...gaps));
    expect(apart).toContain(
      `${formatCount(budgets[most])}: ${weighted[most].toFixed(2)} weighted, ${plain[most].toFixed(2)} plain`,
    );
    expect(least).toContain("log divergence, plain: 1.13");
    const digits = ranking.misplaced().rows.map((row) => String(row[1]));
    const bare = digits.filter((one) => one.startsWith("0")).length;
    expect(begin).toContain(`${bare} have no operation in their first layer and ${digits.length - bare} have one`);
    expect(begin).toContain("200 of block 2 (true rank 13, rated 19)");

    // One block has nothing to weight: no row repeats the plain one.
    const [first] = study.stored().variants;
    const whole = rivalsTable(study.summary(), { ...first, summary: { ...first.summary!, cuts: [] } });
    expect(whole.rows.map(([name]) => name)).not.toContain("ours, weighted");
    expect(whole.rows).toHaveLength(ranking.rivals().rows.length - 2);
  });
});
