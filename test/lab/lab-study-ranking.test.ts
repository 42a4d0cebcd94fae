import { describe, expect, test } from "vitest";
import { ConfigError } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { lab } from "../../src/lab";

describe("lab.study().ranking()", () => {
  const study = lab.study("ranking");
  const ranking = study.ranking();

  test("shows what was rated, seed by seed, and how each ranks", () => {
    expect(ranking.rated().rows.map(([seed]) => seed)).toEqual([1, 2, 3]);
    expect(ranking.rated().rows[0]).toContain("9 + 21 + 21");
    expect(ranking.seeds().rows.map(([seed]) => seed)).toEqual([1, 2, 3]);
    expect(ranking.blocks().rows.map(([block]) => block)).toEqual([
      "1 (layers 1-2)",
      "2 (layers 3-5)",
      "3 (layers 6-8)",
    ]);
    expect(ranking.misplaced().rows).toHaveLength(9);
    expect(ranking.additiveLimit()).toMatch(/^Best sums of one number a candidate: tau 0\.8/);
  });

  test("chooses its measure on the tuning networks", () => {
    const best = ranking.measuresOnTuning().reduce((a, b) => (b.tau > a.tau ? b : a));
    expect(best.measure).toBe(ranking.measure);
  });

  test("draws a sample of the networks, the effects of the blocks' candidates, and regret by budget", async () => {
    const shown = await ranking.scatter({ networks: 50 })[DISPLAY]();
    expect(shown["text/plain"]).toContain("DNA's rating, seed 1; 50 networks drawn for the picture");
    expect(ranking.effects(2)).toHaveLength(3);
    const { picked, weighted, mostMacs } = ranking.regrets();
    expect(picked.map(({ seed }) => seed)).toEqual([1, 2, 3]);
    expect([weighted.length, mostMacs.length]).toEqual([12, 12]);
    expect(ranking.regretByBudget().figure.data).toHaveLength(3);
  });

  test("refuses seeds without ratings and unknown options by name", () => {
    expect(() => ranking.effects(99)).toThrow(ConfigError);
    expect(() => ranking.effects(99)).toThrow(/1, 2, 3/);
    expect(() => ranking.scatter({ network: 5 } as object)).toThrow(/did you mean networks/);
  });
});
