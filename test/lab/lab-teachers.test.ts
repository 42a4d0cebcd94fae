import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, packageRoot } from "../../src/core";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { lab } from "../../src/lab";
import { readNotebook, recordsOf } from "../../src/notebook";

const text = async (value: Displayable) => String((await value[DISPLAY]())["text/plain"]);
const [{ values }, byAnswers, byFeatures] = recordsOf(
  readNotebook(join(packageRoot(), "notebooks/05_dna_teacher.ipynb")),
);

describe("the teachers of a study", () => {
  const teachers = lab.study("teacher").teachers({ seeds: 2 });
  const { compared } = teachers;
  const rated = compared.there.filter(({ raw }) => raw.epoch === undefined);

  test("have the figures that the notebook stored", () => {
    const { seed_range_tau, ...numbers } = teachers.numbers();
    expect(numbers.found).toBe(values.found);
    for (const [name, value] of Object.entries(numbers)) {
      if (typeof value === "number") expect(value, name).toBeCloseTo(Number(values[name]), 9);
    }
    expect(Object.keys({ ...numbers, seed_range_tau }).sort()).toEqual(Object.keys(values).sort());
  });

  test("are described, ranked and compared with the first", async () => {
    expect(teachers.settings().rows).toHaveLength(compared.stored.variants.length);
    expect(teachers.table().rows).toHaveLength(2 * rated.length + 1);
    expect(teachers.blocks().rows).toHaveLength(rated.length);
    expect(await text(teachers.ranges())).toContain("Range of 2 seeds");
    const accuracies = rated.map(({ raw }) => raw.teacher.accuracy).sort((a, b) => a - b);
    const [plain] = teachers.figure("tau").figure.data;
    expect(plain.y).toEqual(accuracies.map((of) => rated.find(({ raw }) => raw.teacher.accuracy === of)?.plain.tau));
    expect(() => teachers.figure("regret" as "tau")).toThrow(ConfigError);
    expect(teachers.standing().at(-1)).toContain("differ by at most");
  });

  test("show by operations what their ratings like: each row is a whole", () => {
    for (const [, , ...shares] of teachers.operations().rows) {
      const sum = shares.reduce((sum: number, share) => sum + Number.parseFloat(String(share)), 0);
      expect(Math.abs(sum - 100)).toBeLessThanOrEqual(1);
    }
  });

  test("find a network within half the multiply-adds, never better than the best possible", () => {
    const rows = teachers.found().rows;
    expect(rows).toHaveLength(rated.length + 2);
    const accuracy = (row: readonly unknown[]) => Number.parseFloat(String(row[4]));
    const best = accuracy(rows.at(-1)!);
    for (const row of rows) expect(accuracy(row)).toBeLessThanOrEqual(best);
    expect(rows[0].at(-1)).toBe("");
    expect(Number(rows[1].at(-1))).toBeGreaterThan(0.5);
  });

  test("taught supernets that are followed from epoch to epoch", () => {
    expect(teachers.epochs().rows.map(([epoch]) => epoch)).toEqual([1, 2, 3]);
    const [weighted] = teachers.epochFigure("concordance").figure.data;
    expect(weighted.x).toEqual([1, 2, 3]);
    expect(teachers.sentences().at(-1)).toMatch(/^After 1, 2, 3 epochs of distillation tau stood at/);
    expect(teachers.verdicts().at(-1)).toMatch(/rise/);
  });

  test("without ratings are said to be missing", () => {
    const none = lab.study("teacher").teachers({ seed: 99, seeds: 1 });
    expect(none.settings().rows[0].at(-1)).toBe("MISSING: seed 99");
    expect(none.verdicts()).toEqual([expect.stringContaining("NO RATINGS YET")]);
    expect(none.epochs().rows).toEqual([]);
    expect(none.found().rows.map(([title]) => title)).toEqual(["best possible"]);
    expect(none.sentences()[0]).toContain("an unknown part of tau");
    expect(none.sentences()[1]).toBe("No teacher has ratings: nothing was found.");
  });

  test("are rated by another measure, by which the seeds that are the yardstick are rated, too", () => {
    const { compared: by } = lab.study("teacher").teachers({ seeds: 2, measure: "log relativeL1" });
    expect(by.stored.measure).toBe("log relativeL1");
    expect(by.first?.weighted.tau).not.toBe(compared.first?.weighted.tau);
    expect(by.ranges.weighted.tau).not.toBe(compared.ranges.weighted.tau);
    expect(() => lab.study("teacher").teachers({ measure: "relative" as "nsr" })).toThrow(ConfigError);
  });

  test("refuse unknown options", () => {
    expect(() => lab.study("teacher").teachers({ sed: 1 } as object)).toThrow(/did you mean seed/);
  });
});

describe("the teachers with labels, without, and untrained", () => {
  test.each([
    [byAnswers, "log divergence"],
    [byFeatures, "log relativeL1"],
  ] as const)("have the figures that the notebook stored", (record, measure) => {
    const teachers = lab.study("teacher-labels").teachers({ seeds: 2, measure });
    expect(teachers.compared.there.map(({ name }) => name)).toEqual(["with-labels", "without-labels", "untrained"]);
    for (const [name, value] of Object.entries(teachers.numbers())) {
      if (typeof value === "number" && name !== "seed_range_tau") {
        expect(value, name).toBeCloseTo(Number(record.values[name]), 9);
      }
    }
  });

  test("are told apart: an accuracy by a linear classifier, and what there is to know of the training", async () => {
    const settings = lab.study("teacher-labels").teachers({ seeds: 2 }).settings();
    const accuracies = settings.rows.map((row) => String(row[4]));
    expect(accuracies.map((of) => of.endsWith("by a linear classifier"))).toEqual([false, true, true]);
    expect(await text(settings)).toMatch(/contrastive loss by epoch .* untrained/);
  });
});
