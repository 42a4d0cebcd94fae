import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { lab } from "../../../src";
import {
  chosenProxy,
  ECONAS_ARMS,
  ECONAS_SETTINGS,
  PROXIES,
  PROXY_BENCHMARKS,
  proxyBenchmark,
  runEconasArm,
  SEARCHES,
  smallCellSpace,
  storedEconas,
  storedTrainings,
  studyNetworks,
  summariseReliability,
} from "../../../src/systems/econas";

const trainings = storedTrainings();
const stored = storedEconas();

describe("the stored trainings of EcoNAS", () => {
  it("are those of the settings: every network twice in the full setting, the study's by every proxy", () => {
    expect(trainings.settings).toEqual(JSON.parse(JSON.stringify(ECONAS_SETTINGS)));
    const { networks } = smallCellSpace();
    for (const of of trainings.full) expect(new Set(Object.keys(of))).toEqual(new Set(networks));
    expect(trainings.studied).toEqual(studyNetworks());
    expect(Object.keys(trainings.proxies)).toEqual([...PROXIES]);
    expect(trainings.staged).toBe(chosenProxy(trainings));
  });

  it("cost less where a proxy has fewer multiply-adds", () => {
    const { proxies } = summariseReliability(trainings);
    for (const { macsAcceleration } of proxies) expect(macsAcceleration).toBeGreaterThan(1);
  });
});

describe("the stored searches of EcoNAS", () => {
  it("evaluate the same networks again where trainings are looked up", () => {
    for (const name of PROXY_BENCHMARKS) {
      const benchmark = proxyBenchmark(name, trainings);
      for (const arm of ECONAS_ARMS) {
        expect(stored.arms[name][arm]).toHaveLength(SEARCHES.seeds);
        expect(runEconasArm(arm, benchmark, 2)).toEqual(stored.arms[name][arm][1]);
      }
    }
  });
});

describe("lab.econas", () => {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-econas-stored-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const shown = lab.econas();

  it("has findings that leave nothing unmeasured, and a row for each proxy and search", () => {
    const sentences = shown.findings().sentences.join("\n");
    expect(sentences).not.toMatch(/NaN|undefined|Infinity/);
    expect(sentences).toContain(shown.reliability.chosen);
    expect(shown.proxies().rows).toHaveLength(PROXIES.length);
    expect(shown.table().rows).toHaveLength(PROXY_BENCHMARKS.length * ECONAS_ARMS.length);
  });

  it("refuses a file of another kind, and says how to make one", () => {
    const file = join(folder, "other.json");
    writeFileSync(file, JSON.stringify({ arms: {} }));
    expect(() => lab.econas(file)).toThrow(/npx blockwise study econas/);
  });
});
