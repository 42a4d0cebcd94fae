import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DataError, engine, lab } from "../../../src";
import {
  AGREEMENT_PLACES,
  agreementTrial,
  PNAS_METHODS,
  PNAS_TABLES,
  PREDICTORS,
  pnasBenchmark,
  runSearchOf,
  runTried,
  STUDY,
  storedPnas,
  storedTable,
  summarisePnas,
  TRIED_NAMES,
  trainedCellsTable,
} from "../../../src/systems/pnas";
import { parseChanges } from "../../../src/systems/search-comparison";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
const folder = mkdtempSync(join(tmpdir(), "blockwise-pnas-results-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const table = storedTable();
const stored = storedPnas();
const benchmarks = Object.fromEntries(PNAS_TABLES.map((name) => [name, pnasBenchmark(name, table)]));
const summary = summarisePnas(stored, table);

describe.each(PNAS_TABLES)("searches of %s", (name) => {
  it("are what they do again, for the same seeds", () => {
    for (const method of PNAS_METHODS) {
      expect(stored.searches[name][method].map(({ seed }) => seed)).toEqual(
        Array.from({ length: STUDY.seeds }, (_, i) => i + 1),
      );
    }
    // Exact predictors; a network's rounding may differ from machine to machine.
    for (const method of ["random", "pnas-ridge", "smbo-ridge"] as const) {
      expect(runSearchOf(method, benchmarks[name], 2)).toEqual(stored.searches[name][method][1]);
    }
  });

  it("see better cells one after another, and the summary says when each reached what random search did", () => {
    const { entries } = benchmarks[name].evaluator;
    const of = summary.tables.find((one) => one.table === name)!;
    for (const method of PNAS_METHODS) {
      for (const run of stored.searches[name][method]) {
        const seen = parseChanges(run.changes).map(({ key }) => entries.get(key)!.validation);
        expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
      }
    }
    for (const { accuracy, needed, reached } of of.targets) {
      const runs = stored.searches[name].pnas.map(
        ({ changes }) => parseChanges(changes).find(({ key }) => entries.get(key)!.validation >= accuracy)?.evaluations,
      );
      expect(reached.pnas).toBe(runs.filter((one) => one !== undefined).length);
      if (needed.pnas !== undefined) {
        expect(runs.filter((one) => one !== undefined && one <= needed.pnas!).length).toBeGreaterThanOrEqual(10);
      }
      expect(accuracy).toBeLessThanOrEqual(of.best);
      expect(reached.random).toBeGreaterThanOrEqual(10);
    }
  });
});

describe("predictors' agreement", () => {
  it("is what a trial gives again, and lies within -1 and 1", () => {
    for (const [i, { table: name, size }] of AGREEMENT_PLACES.entries()) {
      const { predictors } = stored.agreement[i];
      expect(agreementTrial("ridge", benchmarks[name], size, 3)).toEqual(predictors.ridge[2]);
      for (const predictor of PREDICTORS) {
        for (const { fitted, own, next } of predictors[predictor]) {
          for (const rho of [fitted, own ?? 0, next]) expect(Math.abs(rho)).toBeLessThanOrEqual(1);
        }
      }
    }
    expect(STUDY.agreement.trials).toBe(20);
    expect(stored.agreement[0].predictors.mlp.every(({ own }) => own === null)).toBe(true);
  });

  it("of an ensemble is the same from the same seed", () => {
    const once = agreementTrial("mlp-ensemble", benchmarks.fashion, 2, 1);
    expect(agreementTrial("mlp-ensemble", benchmarks.fashion, 2, 1)).toEqual(once);
    expect(agreementTrial("mlp-ensemble", benchmarks.fashion, 2, 2)).not.toEqual(once);
  });
});

describe("settings that were tried", () => {
  it("were tried on seeds that no reported search has", () => {
    const { from, to } = STUDY.tuning.seeds;
    expect(from).toBeGreaterThan(STUDY.seeds);
    for (const name of TRIED_NAMES) {
      expect(stored.tuning[name].map(({ seed }) => seed)).toEqual(
        Array.from({ length: to - from + 1 }, (_, i) => from + i),
      );
    }
    expect(summary.tuning.map(({ name }) => name)).toEqual(TRIED_NAMES);
  });

  it("are the reported ones where nothing is changed", () => {
    expect(runTried("reported", benchmarks.fashion, 3)).toEqual(runSearchOf("pnas", benchmarks.fashion, 3));
  });
});

describe("the results' file", () => {
  it("was made on the table that ships", () => {
    expect(stored.settings).toEqual(STUDY);
    expect(stored.table).toBe(trainedCellsTable(table).fingerprint);
  });

  it("is refused when it is another, or damaged", () => {
    const file = join(folder, "10_pnas.json");
    expect(() => storedPnas(file)).toThrow(/must exist, and does not; make it with npx blockwise study pnas/);
    const { agreement, searches } = stored;
    for (const wrong of [
      { searches: 3 },
      { ...stored, agreement: agreement.slice(1) },
      { ...stored, searches: { ...searches, "201": { ...searches["201"], pnas: searches["201"].pnas.slice(1) } } },
    ]) {
      writeFileSync(file, JSON.stringify(wrong));
      expect(() => storedPnas(file)).toThrow(DataError);
      expect(() => lab.pnas(file)).toThrow(/must be the stored searches of PNAS/);
    }
  });
});

describe("lab.pnas", () => {
  const shown = lab.pnas();

  it("has a row a target and a row a predictor and place", () => {
    expect(shown.needed().rows).toHaveLength(PNAS_TABLES.length * STUDY.targets.length);
    expect(shown.predictors().rows).toHaveLength(AGREEMENT_PLACES.length * PREDICTORS.length);
    expect(shown.predictors().rows[0]).toContain("not measured");
    expect(shown.tables().rows).toHaveLength(PNAS_TABLES.length);
    expect(shown.tuning().rows).toHaveLength(TRIED_NAMES.length);
    for (const name of PNAS_TABLES) expect(shown.curves(name).figure.data.length).toBeGreaterThan(PNAS_METHODS.length);
    expect(() => shown.of("fashon" as never)).toThrow(/did you mean fashion/);
  });

  it("states findings of these runs, and nothing that was not measured", () => {
    const text = shown.findings().sentences.join("\n");
    expect(text).toContain("not checked against its text");
    expect(text).toContain("PNASNet-5's cell");
    expect(text).not.toMatch(/NaN|undefined|Infinity/);
    const { percentile } = summary.published;
    expect(percentile).toBeGreaterThanOrEqual(0);
    expect(percentile).toBeLessThanOrEqual(100);
  });
});
