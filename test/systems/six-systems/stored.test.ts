import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lab } from "../../../src";
import { engine } from "../../../src/engine";
import { storedCsnas } from "../../../src/systems/csnas";
import {
  SIX_SETTINGS,
  SYSTEM_NAMES,
  sharedTable,
  storedSystems,
  summariseSystems,
  systemRuns,
} from "../../../src/systems/six-systems";

const stored = storedSystems();
const csnas = storedCsnas();
const table = sharedTable(csnas);
const summary = summariseSystems(stored, csnas);

// PNAS' predictor is trained.
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

describe("the stored searches of six systems", () => {
  it("are those of the settings and of the table that ships", () => {
    expect(stored.settings).toEqual(JSON.parse(JSON.stringify(SIX_SETTINGS)));
    expect(new Set(Object.keys(stored.stages))).toEqual(new Set(table.keys));
    for (const { ratings } of stored.dna) expect(ratings).toHaveLength(table.keys.length);
    for (const { chosen } of SYSTEM_NAMES.flatMap((system) => stored.runs[system]))
      expect(table.keys).toContain(chosen);
  });

  it("search and cost the same again from what was trained for them", () => {
    const seeds = { ...SIX_SETTINGS.seeds, lookedUp: 2 };
    const again = systemRuns(stored, table, { ...SIX_SETTINGS, seeds });
    for (const system of SYSTEM_NAMES)
      expect(again[system]).toEqual(stored.runs[system].slice(0, again[system].length));
  });

  it("cost as much as what was measured of them", () => {
    const [first] = stored.dna;
    const { cost } = stored.runs.dna[0];
    expect(cost * summary.unit).toBeCloseTo(
      first.seconds.reduce((sum, one) => sum + one, 0),
      1,
    );
  });
});

describe("lab.systems", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-systems-stored-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const shown = lab.systems();

  it("has a row for each system and control, and findings that leave nothing unmeasured", () => {
    expect(shown.table().rows).toHaveLength(SYSTEM_NAMES.length + 3);
    expect(shown.assumptions().rows).toHaveLength(SYSTEM_NAMES.length);
    expect(JSON.stringify(shown.table().rows)).not.toMatch(/NaN|undefined|Infinity/);
    expect(shown.findings().sentences.join("\n")).not.toMatch(/NaN|undefined|Infinity/);
  });

  it("refuses a file of another kind, and says how to make one", () => {
    const file = join(folder, "other.json");
    writeFileSync(file, JSON.stringify({ runs: {} }));
    expect(() => lab.systems(file)).toThrow(/npx blockwise study systems/);
  });
});
