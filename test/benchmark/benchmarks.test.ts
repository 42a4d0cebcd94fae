import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { benchmarkNames, readTrueCells, readTruth } from "../../src/benchmark";
import { ConfigError, packageRoot } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { lab } from "../../src/lab";

const shipped = join(packageRoot(), "data", "benchmarks");
const unpacked = (name: string) => gunzipSync(readFileSync(join(shipped, `${name}.json.gz`)));

describe("the benchmarks that ship with the package", () => {
  it("are the files that SOURCES.md names, each with its licence beside it and in package.json's files", () => {
    const sources = readFileSync(join(shipped, "SOURCES.md"), "utf8");
    for (const name of benchmarkNames()) {
      expect(sources).toContain(createHash("sha256").update(unpacked(name)).digest("hex"));
      expect(readFileSync(join(shipped, `${name}.LICENSE`), "utf8")).toContain("Copyright");
    }
    expect(JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8")).files).toContain("data");
  });

  it("NAS-Bench-Macro: 3,969 networks, by name, from a plain file and from a gzipped one", () => {
    const truth = readTruth();
    expect(truth).toHaveLength(3969);
    expect(truth.reduce((a, b) => (b.accuracy > a.accuracy ? b : a)).accuracy).toBeCloseTo(93.13, 2);
    const folder = mkdtempSync(join(tmpdir(), "benchmark-"));
    const [plain, packed] = [join(folder, "own.json"), join(folder, "own.bin")];
    writeFileSync(plain, unpacked("nas-bench-macro"));
    writeFileSync(packed, gzipSync(unpacked("nas-bench-macro")));
    expect(readTruth(plain)).toEqual(truth);
    expect(readTruth(packed)).toEqual(truth);
  });

  it("NAS-Bench-201: 15,625 cells; the best have 89.16 % test and 84.89 % validation accuracy", () => {
    const cells = readTrueCells();
    expect(cells).toHaveLength(15_625);
    expect(Math.max(...cells.map(({ cifar10 }) => cifar10.test))).toBe(89.16);
    expect(Math.max(...cells.map(({ cifar10 }) => cifar10.validation))).toBe(84.89);
    expect(cells.find(({ key }) => key === "421211")).toEqual({
      key: "421211",
      cifar10: { validation: 63.36, test: 69.55 },
      cifar100: { validation: 31.84, test: 31.26 },
      imagenet16: { validation: 18.47, test: 17.0 },
    });
  });

  it("are refused when they are a folder, no JSON, truncated or another benchmark's", () => {
    const folder = mkdtempSync(join(tmpdir(), "benchmark-"));
    const file = join(folder, "table.json");
    expect(() => readTruth(folder)).toThrow(/which is no file; leave it out/);
    writeFileSync(file, unpacked("nas-bench-macro").subarray(0, 1000));
    expect(() => readTruth(file)).toThrow(ConfigError);
    expect(() => readTruth(file)).toThrow(/must hold JSON, plain or gzipped, and does not; use/);
    writeFileSync(file, readFileSync(join(shipped, "nas-bench-macro.json.gz")).subarray(0, 1000));
    expect(() => readTruth(file)).toThrow(
      /must hold JSON, plain or gzipped, and is a gzip file that is damaged or cut short/,
    );
    writeFileSync(file, unpacked("nas-bench-macro"));
    expect(() => readTrueCells(file)).toThrow(
      /must be the benchmark's table, and is not \(key "cells" is missing\); leave it out/,
    );
    writeFileSync(file, JSON.stringify({ cells: { "000000": [1, 1, 1, 1, 1, 1] } }));
    expect(() => readTrueCells(file)).toThrow(/must have all 15625 cells, got 1/);
  });
});

describe("lab.benchmark", () => {
  it("shows source, licence, range and histogram of a table, and gives its networks", async () => {
    const macro = lab.benchmark("nas-bench-macro");
    expect(macro.network("00000000").macs).toBe(7_713_280);
    expect(() => macro.network("3")).toThrow(ConfigError);
    const bundle = await macro[DISPLAY]();
    for (const text of ["3,969", "Apache-2.0", "https://github.com/xiusu/NAS-Bench-Macro", "93.13 %"]) {
      expect(bundle["text/plain"]).toContain(text);
    }
    const [{ y }] = macro.histogram(10).figure.data as { y: number[] }[];
    expect(y.reduce((sum, count) => sum + count, 0)).toBe(3969);
    expect((await lab.benchmark("nas-bench-201").frame()).shape).toEqual([15_625, 7]);
  });

  it("names the benchmarks, and the nearest one, when it is asked for another", () => {
    expect(() => lab.benchmark("nas-bench-macr" as never)).toThrow(
      /nas-bench-macro, nas-bench-201.*did you mean nas-bench-macro/,
    );
  });
});
