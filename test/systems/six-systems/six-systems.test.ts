import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { engine } from "../../../src/engine";
import {
  expectedRandom,
  growingCells,
  SYSTEM_NAMES,
  sharedTable,
  storedSystems,
  summariseSystems,
  systemRuns,
  writeSystems,
} from "../../../src/systems/six-systems";
import { TINY_SYSTEMS, tinyTable } from "./tiny";

const folder = mkdtempSync(join(tmpdir(), "six-systems-"));
const csnas = tinyTable();
const table = sharedTable(csnas);
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("six systems on one table", () => {
  it("grow every network of the table from a cell of one node", () => {
    const growth = growingCells(table);
    const first = [...growth.smallest()];
    const grown = new Set(first.flatMap((cell) => [...growth.extend(cell)].map(growth.key)));
    expect(first).toHaveLength(4);
    expect(grown).toEqual(new Set(table.keys));
    expect([...growth.extend([...growth.extend(first[0])][0])]).toEqual([]);
  });

  it("expect of random search what the mean of all orders is", () => {
    const rows: [validation: number, test: number][] = [
      [50, 40],
      [60, 70],
      [60, 50],
      [70, 45],
    ];
    const entries = new Map(rows.map(([validation, test], i) => [String(i), { validation, test, macs: 1, params: 1 }]));
    const expected = expectedRandom({ evaluator: { entries } as never });
    // By hand: of one draw the mean test accuracy; of two the six pairs, equals counted half; of all the best by validation.
    expect(expected[0]).toBeCloseTo((40 + 70 + 50 + 45) / 4, 10);
    expect(expected[1]).toBeCloseTo((70 + 50 + 45 + (70 + 50) / 2 + 45 + 45) / 6, 10);
    expect(expected[3]).toBeCloseTo(45, 10);
  });

  it("go on where they were stopped and end as those that were not, and the file has what the figures need", async () => {
    const write = (name: string, signal?: AbortSignal, onProgress?: () => void) =>
      writeSystems(
        { runs: join(folder, name), file: join(folder, `${name}.json`), command: "test" },
        { signal, onProgress },
        TINY_SYSTEMS,
        csnas,
      );
    const controller = new AbortController();
    let events = 0;
    const stopped = write("stopped", controller.signal, () => ++events === 12 && controller.abort());
    await expect(stopped).rejects.toThrow(/stopped/);
    await write("stopped");
    await write("whole");
    // Seconds are measured, and all costs follow from them.
    const read = (name: string) => {
      const { again, dna, darts, oneNode, stages, runs } = JSON.parse(
        readFileSync(join(folder, `${name}.json`), "utf8"),
      );
      const withoutSeconds = ({ seconds: _, ...rest }: Record<string, unknown>) => rest;
      return {
        again,
        oneNode,
        dna: dna.map(withoutSeconds),
        darts: darts.map(withoutSeconds),
        stages: Object.values<[number, number][]>(stages).map((of) => of.map(([validation]) => validation)),
        chosen: SYSTEM_NAMES.map((system) => runs[system].map(({ chosen }: { chosen: string }) => chosen)),
      };
    };
    expect(read("stopped")).toEqual(read("whole"));
    const stored = storedSystems(join(folder, "whole.json"));
    expect(systemRuns(stored, table, stored.settings)).toEqual(stored.runs);
    const summary = summariseSystems(stored, csnas);
    expect(summary.systems.map(({ system }) => system)).toEqual(SYSTEM_NAMES);
    for (const { cost, regret, again } of summary.systems) {
      expect([cost.mean > 0, regret.mean >= 0, Number.isFinite(again.mean)]).toEqual([true, true, true]);
    }
    expect(summary.noise).toEqual({ deviation: 1, networks: 2 });
    expect(summary.controls[2].regret).toEqual({ mean: 0 });
  });

  it("refuse a file that lacks a choice's trainings, and say how to make one", () => {
    const stored = JSON.parse(readFileSync(join(folder, "whole.json"), "utf8"));
    delete stored.again[stored.runs.eeea[0].chosen];
    delete stored.sha256;
    const file = join(folder, "broken.json");
    writeFileSync(file, JSON.stringify(stored));
    expect(() => storedSystems(file)).toThrow(/every choice must have been trained again.*study systems/);
    expect(() => storedSystems(join(folder, "none.json"))).toThrow(/must exist.*npx blockwise study systems/);
  });
});
