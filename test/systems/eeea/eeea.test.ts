import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DataError, InterruptedError, lab, readJson } from "../../../src";
import {
  EEEA_ARM_NAMES,
  EEEA_ARMS,
  EEEA_SETTINGS,
  type EeeaArmName,
  type EeeaRun,
  EVALUATIONS,
  eeeaTable,
  exitLimit,
  isRandom,
  runEeeaArm,
  type StoredEeeaRuns,
  storedEeea,
  summariseEeea,
  writeEeea,
} from "../../../src/systems/eeea";

const table = eeeaTable();
const params = (key: string) => table.entries.get(key)!.params;
const folder = mkdtempSync(join(tmpdir(), "blockwise-eeea-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Two seeds of every search. */
const arms = Object.fromEntries(
  EEEA_ARM_NAMES.map((arm) => [arm, [1, 2].map((seed) => runEeeaArm(arm, seed, table))]),
) as unknown as Record<EeeaArmName, EeeaRun[]>;
const summary = summariseEeea(arms as StoredEeeaRuns, table);
const of = (arm: EeeaArmName) => summary.arms.find((one) => one.arm === arm)!;

describe.each(EEEA_ARM_NAMES)("a search by %s", (arm) => {
  it("evaluates as many different cells as all others, the same for the same seed", () => {
    const keys = arms[arm][0].keys.split(" ");
    expect(keys).toHaveLength(EVALUATIONS);
    expect(new Set(keys).size).toBe(EVALUATIONS);
    expect(runEeeaArm(arm, 1)).toEqual(arms[arm][0]);
    expect(arms[arm][1].keys).not.toBe(arms[arm][0].keys);
  });

  it("finds more of the best front from generation to generation, and never more than all of it", () => {
    const volumes = of(arm).volumes.map(({ mean }) => mean);
    expect(volumes).toHaveLength(EEEA_SETTINGS.generations);
    for (const [i, volume] of volumes.entries()) {
      expect(volume).toBeGreaterThanOrEqual(volumes[i - 1] ?? 0);
      expect(volume).toBeLessThanOrEqual(1 + 1e-12);
    }
  });
});

describe("the early exit", () => {
  it.each(["ga-75", "ga-50", "ga-25", "ga-50-children", "random-50"] as const)(
    "lets nothing larger into the first generation of %s, and rejects as many draws as there are cells beyond",
    (arm) => {
      const { limit, rejection, firstWithin } = of(arm);
      const first = isRandom(arm) ? EVALUATIONS : EEEA_SETTINGS.population;
      for (const { keys } of arms[arm]) {
        for (const key of keys.split(" ").slice(0, first)) expect(params(key)).toBeLessThanOrEqual(limit!.params);
      }
      expect(firstWithin).toBe(1);
      const beyond = [...table.entries.keys()].filter((key) => params(key) > limit!.params).length / table.entries.size;
      expect(limit!.within).toBeCloseTo(1 - beyond, 12);
      // Two seeds: a few hundredths around the share, a few of a hundred where all evaluations are drawn so.
      expect(Math.abs(rejection!.mean - beyond)).toBeLessThan(isRandom(arm) ? 0.05 : 0.25);
    },
  );

  it("takes the least limit that lets so many cells in", () => {
    for (const arm of ["ga-75", "ga-50", "ga-25"] as const) {
      const { params: limit, within } = exitLimit(table, EEEA_ARMS[arm])!;
      expect(within).toBeGreaterThanOrEqual(EEEA_ARMS[arm].exit);
      const sizes = [...table.entries.values()].map((entry) => entry.params);
      expect(sizes.filter((size) => size < limit).length / sizes.length).toBeLessThan(EEEA_ARMS[arm].exit);
    }
    expect(exitLimit(table, EEEA_ARMS.ga)).toBeUndefined();
  });

  it("holds later generations only where it is told to", () => {
    expect(of("ga-50-children").laterBeyond!.mean).toBe(0);
    expect(of("ga-25").laterBeyond!.mean).toBeGreaterThan(0);
    for (const { refused } of arms["ga-25"]) expect(refused[1]).toBe(0);
    for (const { refused } of arms["ga-50-children"]) expect(refused[1]).toBeGreaterThan(0);
  });

  it("starts where the search without it starts from other draws alone: the rest of the seed is the same", () => {
    expect(arms.ga[0].keys.split(" ").slice(0, EEEA_SETTINGS.population)).toEqual(
      arms["ga-two"][0].keys.split(" ").slice(0, EEEA_SETTINGS.population),
    );
    expect(of("ga").limit).toBeUndefined();
    expect(of("ga").rejection).toBeUndefined();
  });
});

describe("the results' file", () => {
  it("is what the searches do again", () => {
    const stored = storedEeea();
    expect(stored.settings).toEqual(EEEA_SETTINGS);
    for (const arm of EEEA_ARM_NAMES) {
      expect(stored.arms[arm].map(({ seed }) => seed)).toEqual(
        Array.from({ length: EEEA_SETTINGS.seeds }, (_, i) => i + 1),
      );
      expect(stored.arms[arm].slice(0, 2)).toEqual(arms[arm]);
    }
    expect(EEEA_SETTINGS.seeds).toBeGreaterThanOrEqual(5);
  });

  it("is written whole, or not at all when it is stopped", async () => {
    const file = join(folder, "12_eeea_net.json");
    const stop = new AbortController();
    const stopped = writeEeea(file, "a test", {
      signal: stop.signal,
      onProgress: ({ done }) => done === 3 && stop.abort(),
    });
    await expect(stopped).rejects.toBeInstanceOf(InterruptedError);
    expect(() => storedEeea(file)).toThrow(/must exist, and does not; make it with npx blockwise study eeea/);
    const { arms: written } = await writeEeea(file, "a test");
    expect(storedEeea(file).arms).toEqual(written);
    expect(written).toEqual(storedEeea().arms);
  });

  it("is refused when it is another, or damaged", () => {
    const file = join(folder, "other.json");
    const stored = readJson(join(folder, "12_eeea_net.json")) as { arms: Record<string, EeeaRun[]> };
    for (const wrong of [
      { searches: 3 },
      { ...stored, arms: { ...stored.arms, random: stored.arms.random.slice(1) } },
      { ...stored, arms: { ...stored.arms, random: stored.arms.random.map((run) => ({ ...run, keys: "000000" })) } },
    ]) {
      writeFileSync(file, JSON.stringify(wrong));
      expect(() => storedEeea(file)).toThrow(DataError);
      expect(() => lab.eeea(file)).toThrow(/must be the stored searches of EEEA-Net/);
    }
  });
});

describe("lab.eeea", () => {
  const shown = lab.eeea();

  it("says of each search what it costs and finds, each difference against the same seed's first search", () => {
    const { rows } = shown.table();
    expect(rows.map(([title]) => title)).toEqual(EEEA_ARM_NAMES.map((arm) => EEEA_ARMS[arm].title));
    expect(rows[0][2]).toBe("");
    expect(shown.exits().rows).toHaveLength(5);
    for (const row of shown.exits().rows) expect(row[4]).toBe("100 %");
  });

  it("draws a panel a search, and states findings of these runs", () => {
    const names = shown.volumes().figure.data.map(({ name }) => name);
    for (const arm of EEEA_ARM_NAMES.slice(1)) expect(names).toContain(EEEA_ARMS[arm].title);
    const text = shown.findings().sentences.join("\n");
    expect(text).toContain("100 % of the first generation");
    expect(text).toContain("The paper found the largest volume without early exit");
    expect(text).not.toMatch(/NaN|undefined/);
  });
});
