import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { lab } from "../../../src";
import { cellKey } from "../../../src/space";
import {
  CSNAS_ARM_NAMES,
  CSNAS_SEARCHES,
  CSNAS_SETTINGS,
  csnasCells,
  runCsnasArm,
  smallCellCode,
  storedCsnas,
  summariseCsnas,
  usualChoice,
} from "../../../src/systems/csnas";

const stored = storedCsnas();
const summary = summariseCsnas(stored);
const keys = Object.keys(stored.cells);

describe("the stored scores and searches of CSNAS", () => {
  it("are those of the settings, with every network of the space", () => {
    expect(stored.settings).toEqual(JSON.parse(JSON.stringify(CSNAS_SETTINGS)));
    expect(new Set(keys)).toEqual(new Set(csnasCells(CSNAS_SETTINGS).map(cellKey)));
  });

  it("search the same networks again where scores are looked up", () => {
    const scores = keys.map((key) => ({ loss: stored.cells[key][0], validation: stored.cells[key][1] }));
    for (const arm of CSNAS_ARM_NAMES) {
      expect(stored.arms[arm]).toHaveLength(CSNAS_SEARCHES.seeds);
      expect(runCsnasArm(arm, 2, { keys, scores }, CSNAS_SETTINGS)).toEqual(stored.arms[arm][1]);
    }
  });

  it("compare the choices over trainings, not over searches that choose the same network", () => {
    const { difference, trainings } = summary.final;
    expect(trainings).toBe(CSNAS_SETTINGS.final.seeds.length);
    const test = (arm: "tpe" | "tpe-labels", seed: number) =>
      stored.arms[arm].reduce((sum, { chosen }) => sum + stored.finals[keys[chosen]][seed][1], 0) /
      CSNAS_SEARCHES.seeds;
    const bySeed = CSNAS_SETTINGS.final.seeds.map((_, seed) => test("tpe", seed) - test("tpe-labels", seed));
    expect(difference.mean).toBeCloseTo(bySeed.reduce((sum, value) => sum + value, 0) / bySeed.length, 10);
    // Student's t: three seeds have an interval of 4.303 standard errors.
    const variance = bySeed.reduce((sum, value) => sum + (value - difference.mean) ** 2, 0) / (bySeed.length - 1);
    expect(difference.interval![1] - difference.mean).toBeCloseTo(4.3027 * Math.sqrt(variance / bySeed.length), 3);
  });
});

describe("lab.csnas", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-csnas-stored-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const shown = lab.csnas();

  it("has findings of these trainings that leave nothing unmeasured, and a row for each search", () => {
    const sentences = shown.findings().sentences.join("\n");
    expect(sentences).not.toMatch(/NaN|undefined|Infinity/);
    expect(sentences).toContain(`rho ${summary.labelFree.rho.value.toFixed(2)}`);
    expect(sentences).toContain(`of ${keys.length} trainings`);
    expect(shown.searches().rows).toHaveLength(CSNAS_ARM_NAMES.length);
    expect(shown.probes().rows).toHaveLength(Object.keys(stored.probes).length);
  });

  it("draws the network that a search chose, with the costs that it was stored with", () => {
    for (const arm of CSNAS_ARM_NAMES) {
      const [, , , macs, params] = stored.cells[keys[usualChoice(stored.arms[arm])]];
      expect(shown.choice(arm)).toMatchObject({ macs, params });
    }
    expect(smallCellCode("repaired").key(shown.choice("tpe").architecture.cells.cell)).toBe(
      keys[usualChoice(stored.arms.tpe)],
    );
  });

  it("refuses a file of another kind, and says how to make one", () => {
    const file = join(folder, "other.json");
    writeFileSync(file, JSON.stringify({ arms: {} }));
    expect(() => lab.csnas(file)).toThrow(/npx blockwise study csnas/);
  });
});
