import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, packageRoot } from "../../src/core";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { lab } from "../../src/lab";
import { readNotebook, recordsOf } from "../../src/notebook";

const text = async (value: Displayable) => String((await value[DISPLAY]())["text/plain"]);
const [record] = recordsOf(readNotebook(join(packageRoot(), "notebooks/04_dna_distillation.ipynb")));

describe("the settings of a study", () => {
  const settings = lab.study("distillation").settings({ seeds: 2 });
  const { compared } = settings;

  test("have the figures that the notebook stored", () => {
    const numbers = settings.numbers();
    for (const name of ["dna_tau", "student_input_tau_plain", "label_loss_concordance", "no_recalibration_regret"]) {
      expect(numbers[name]).toBeCloseTo(Number(record.values[name]), 9);
    }
  });

  test("are marked by what their differences are worth beside the seeds of one setting", async () => {
    const rows = settings.table().rows;
    expect(rows).toHaveLength(2 * compared.there.length + 1);
    const { first, ranges } = compared;
    for (const [at, one] of compared.there.entries()) {
      const difference = one.weighted.tau - first!.weighted.tau;
      const cell = String(rows[2 * at + 1][3]);
      expect(cell.endsWith("≈")).toBe(one !== first && Math.abs(difference) <= ranges.weighted.tau);
      expect(Number.parseFloat(cell || "0")).toBeCloseTo(difference, 3);
    }
    expect(settings.sentences()).toHaveLength(compared.there.length - 1);
    expect(await text(settings)).toContain("≈: less than seeds of one setting differ");
    expect(settings.seedsApart().rows.map(([, seed]) => seed)).toEqual([1, 2, "range", 1, 2, "range"]);
  });

  test("say what they are, where they rank, and what the student's features change", async () => {
    expect(settings.switches().rows.map(([, , , sampling]) => sampling)).toContain("fair");
    expect(settings.blocks().rows).toHaveLength(compared.there.length);
    const [plain] = settings.figure("concordance").figure.data;
    expect(plain.y).toEqual(compared.there.map((one) => one.plain.concordance));
    expect(() => settings.figure("regret" as "tau")).toThrow(ConfigError);
    expect(settings.guideInput().join()).toContain("Block 1 is fed the same in both");
    expect(settings.standing().at(-1)).toContain("differ by at most");
  });

  test("are rated by every measure on the same supernets", async () => {
    const measures = settings.measures();
    const own = measures.table().rows.filter(([name]) => String(name).includes("(the study's)"));
    expect(own.map((row) => row[4])).toEqual([""]);
    expect(measures.table().rows).toHaveLength(measures.summaries.length);
    expect(measures.sentence()).toContain(`above ${compared.stored.measure}'s with every seed`);
    expect(Object.keys(measures.numbers())).toEqual(measures.summaries.map(({ measure }) => `measure_${measure}_tau`));
    expect(await text(measures.figure())).toContain("on the same supernets");
  });

  test("without ratings are said to be missing, and nothing is judged", () => {
    const none = lab.study("distillation").settings({ seed: 99, seeds: 1 });
    expect(none.table().rows[0].slice(0, 2)).toEqual([compared.stored.variants[0].title, "NO RATINGS YET"]);
    expect(none.switches().rows[0].at(-1)).toBe("MISSING: seed 99");
    expect(none.sentences()).toEqual([expect.stringContaining("NO RATINGS YET")]);
    expect(none.guideInput()).toEqual([expect.stringContaining("NOT SHOWN")]);
    expect(none.numbers()).toMatchObject({ dna_tau: null, seed_range_tau: null });
    expect(none.standing()[0]).toContain("NOT RATED YET with seed 99");
  });

  test("refuse unknown options and studies", () => {
    expect(() => lab.study("distillation").settings({ sed: 1 } as object)).toThrow(/did you mean seed/);
    expect(() => lab.study("distillation").settings({ seedsOf: "rankin" })).toThrow(ConfigError);
  });
});

describe("plain ratings", () => {
  const leads = lab.study("leads").plainRatings();

  test("stand side by side, means and one seed", () => {
    const [first] = leads.table().rows;
    expect(first.slice(1, 3)).toEqual(["1 2 3", "0.640"]);
  });

  test("the best by each measure is told whether it reaches its target", () => {
    const said = leads.sentences({ tau: 0.7, concordance: 0.4, regret: 0.8 });
    expect(said.map((sentence) => sentence.split(": ").at(-1))).toEqual(["not reached.", "reached.", "reached."]);
    expect(() => leads.sentences({ tau: 0.7 } as never)).toThrow(/lack concordance/);
  });
});
