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

  test("names the variant where a study has several, and shows another when asked", async () => {
    const title = async (shown: { [DISPLAY](): Promise<Record<string, unknown>> }) =>
      String((await shown[DISPLAY]())["text/plain"]).split("\n")[0];
    const settings = lab.study("distillation");
    expect(await title(settings.ranking().seeds())).toMatch(/; variant dna, DNA: teacher's features in/);
    const fair = settings.ranking({ variant: "fair" });
    const titles = [fair.rated(), fair.rivals(), fair.measures(), fair.seeds(), fair.blocks(), fair.misplaced()].map(
      title,
    );
    for (const one of await Promise.all(titles)) expect(one).toMatch(/; variant fair, fair sampling at equal cost$/);
    expect(await title(fair.effects()[0])).toContain("Block 1: 9 candidates, seed 1; variant fair");
    expect(fair.rated().rows[0]).toContain("1 epochs x 10000 images, fair");
    const { summary } = settings.stored().variants.find(({ name }) => name === "fair")!;
    expect(fair.result()).toMatchObject({ tau_dna: summary!.weighted.tau, tau_dna_plain: summary!.plain.tau });
    expect(await title(ranking.seeds())).toBe("Seed by seed, weighted");
  });

  test("refuses a variant that the study does not have, with those that it has", () => {
    expect(() => lab.study("block-count").ranking({ variant: "k5" })).toThrow(ConfigError);
    expect(() => lab.study("block-count").ranking({ variant: "k5" })).toThrow(/k1.*k2.*k3.*k4.*k8/);
    expect(() => lab.study("block-count").ranking({ variants: "k1" } as object)).toThrow(/did you mean variant/);
  });

  test("refuses seeds without ratings and unknown options by name", () => {
    expect(() => ranking.effects(99)).toThrow(ConfigError);
    expect(() => ranking.effects(99)).toThrow(/1, 2, 3/);
    expect(() => ranking.scatter({ network: 5 } as object)).toThrow(/did you mean networks/);
  });
});
