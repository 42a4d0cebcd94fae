import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError } from "../../src/core";
import {
  type LatencyTable,
  latencyCosts,
  latencyCsv,
  latencyTableOf,
  latencyTemplate,
  layersOfSpace,
  layersToMeasure,
  missingKeys,
  networkLatency,
  networkLatencyRange,
  type PlacedLayer,
  parseLatencyCsv,
  parseLatencyTable,
  placeWords,
  readLatencyTable,
} from "../../src/cost";
import {
  architectureNames,
  architecturePreset,
  assemble,
  enumerateBlock,
  spaceNames,
  spacePreset,
} from "../../src/space";
import { tinySpace } from "../distill/tiny";

const space = tinySpace();
const layers = layersOfSpace(space);
const template = latencyTemplate(layers, space.name);

/** The template with each median filled in. */
function filled(ms: (row: number) => string): string {
  let row = -1;
  return template.replace(/,,,,$/gm, () => `,${ms(++row)},,,`);
}

describe("a latency table from a phone", () => {
  it("is the template with its medians filled in; a network's latency is their sum and one call, whichever way it is counted", () => {
    const table = parseLatencyCsv(
      filled((row) => (row === 0 ? "0.5" : String(1 + (row % 5)))).replace("name-of-the-device", "pixel-7"),
      "phone",
    );
    expect(table).toMatchObject({ place: "pixel-7", subject: space.name, batch: 1, perCallMs: 0.5 });
    expect(missingKeys(table, layers)).toEqual([]);
    const costs = latencyCosts(space, table);
    const choice = space.blocks.map((_, block) => [...enumerateBlock(space, block)].at(-1)!);
    let before = Number(Object.keys(costs.candidate(choice[0]))[0]);
    let sum = costs.stem;
    for (const candidate of choice) {
      sum += costs.candidate(candidate)[before];
      before = space.blocks[candidate.block].cells[candidate.cell].width;
    }
    sum += costs.head[before];
    const architecture = assemble(space, choice);
    expect(networkLatency(table, architecture)).toBeCloseTo(sum, 9);
    expect(networkLatency({ ...table, perCallMs: 0 }, architecture)).toBeCloseTo(sum - 0.5, 9);
    expect(networkLatencyRange(table, architecture)).toEqual({ medianMs: networkLatency(table, architecture) });
    expect(placeWords(table)).toBe("pixel-7 on a device whose name was not given");
  });

  it("a row that was not filled in is a layer that was not measured, and all of them are listed", () => {
    const some = parseLatencyCsv(
      filled((row) => (row > 0 && row % 2 ? "1" : "")),
      "phone",
    );
    expect(some.perCallMs).toBeUndefined();
    expect(missingKeys(some, layers)).toHaveLength(Math.floor(layers.length / 2));
  });

  it.each([
    ["key,medianMs\nidentity @ 2x2x1,-1\n", /line 2: medianMs must be milliseconds from 0.*"-1"/],
    ["key,medianMs\nidentity @ 2x2x1,NaN\n", /line 2: medianMs must be milliseconds/],
    ["key,medianMs\nidentity @ 2x2x1,Infinity\n", /line 2: medianMs must be milliseconds/],
    ["key;medianMs\nidentity @ 2x2x1;0,21\n", /with a decimal point.*"0,21"/],
    [
      "key,medianMs\nidentity @ 2x2x1,1\n# a remark\nper call,1\nidentity @ 2x2x1,2\n",
      /line 5: each layer must stand once, and "identity @ 2x2x1" stands in line 2, too/,
    ],
    ["key,seconds\na,1\n", /"seconds" is none of them/],
    ["key,medianMS\na,1\n", /did you mean medianMs\?/],
    ["key\na\n", /medianMs is missing/],
    ["a,1\n", /first row must name the columns/],
    ["", /first row must name the columns/],
    ["key,medianMs\na @ 2, b,1\n", /line 2: must have 2 cells.*between double quotes/],
    ['key,medianMs\n"a,1\n', /double quotes are not closed/],
    ["key,medianMs\n,1\n", /line 2: must have a key/],
    ["# batch: 0\nkey,medianMs\nidentity @ 2x2x1,1\n", /batch must be a whole number from 1/],
    ["# plaice: x\nkey,medianMs\na,1\n", /line 1: "# plaice:" must be one of place.*did you mean place/],
    ["key,medianMs,runs\nidentity @ 2x2x1,1,2.5\n", /line 2: runs must be a whole number/],
    ["key,medianMs\nPer call,0.5\n", /line 2: key must be a layer.* got "Per call"; did you mean "per call"\?/],
    ["key,medianMs\npercall,0.5\n", /line 2: .*did you mean "per call"\?/],
    ["key,medianMs\nPER_CALL,\n", /line 2: .*did you mean "per call"\?/],
    [
      "key,medianMs\nfoo @ 1x1x1,1\n",
      /line 2: key must be a layer with what enters it.*"foo @ 1x1x1"; blockwise latency .*--template/,
    ],
    ["key,medianMs\nfoo,1\n", /line 2: key must be/],
    ["key,medianMs\ncn_k3_s2_c8 @ 28x28,1\n", /line 2: key must be/],
    ["key,medianMs\ncn_k3_s2_c8 @ 28x0x1,1\n", /line 2: key must be/],
    ["key,medianMs\nCN_k3_s2_c8@28x28x1,1\n", /line 2: .*did you mean "cn_k3_s2_c8 @ 28x28x1"\?/],
    ["key,medianMs\nri_k3_s2_e6_c8 @ 28x28x1,1\n", /line 2: .*did you mean "ir_k3_s2_e6_c8 @ 28x28x1"\?/],
    ["key,medianMs,lowMs\nidentity @ 2x2x1,0.5,9\n", /line 2: lowMs must be at most medianMs, 0.5, got 9/],
    ["key,medianMs,highMs\nidentity @ 2x2x1,0.5,0.1\n", /line 2: highMs must be at least medianMs, 0.5, got 0.1/],
    ["key,medianMs,highMs\nper call,0.5,0.1\n", /line 2: highMs must be at least medianMs/],
  ])("%j is refused with its line", (text, said) => {
    expect(() => parseLatencyCsv(text, "x", "phone.csv")).toThrow(ConfigError);
    expect(() => parseLatencyCsv(text, "x", "phone.csv")).toThrow(said);
  });

  it("survives a spreadsheet: byte order mark, semicolons, quoted remarks, separators behind them, Windows' line ends", () => {
    const text =
      '\uFEFF"# place: pixel";;\r\n# batch: 2;;\r\nkey;medianMs;\r\n"pool, silu layer of 8 and classifier of 2 @ 1x1x4";1.5;\r\n;;\r\n';
    expect(parseLatencyCsv(text, "x")).toMatchObject({
      place: "pixel",
      batch: 2,
      entries: [{ key: "pool, silu layer of 8 and classifier of 2 @ 1x1x4", medianMs: 1.5 }],
    });
  });

  it("any table goes to CSV and back", () => {
    const ms = fc.double({ min: 0, max: 1e6, noNaN: true }).map((value) => Math.abs(value));
    const times = fc.tuple(ms, ms, ms).map((all) => all.sort((a, b) => a - b));
    const entry = fc
      .record({ times, runs: fc.integer({ min: 1, max: 1e6 }) })
      .map(({ times: [lowMs, medianMs, highMs], runs }) => {
        return { medianMs, lowMs, highMs, runs };
      });
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 8 }), ms, (rows, perCallMs) => {
        const entries = rows.map((row, i) => ({ key: `foreign k3, "n${i}" @ 2x2x${i + 1}`, ...row }));
        const engine = { backend: "wasm", device: "not given", threads: 0, versions: {} };
        const table = latencyTableOf({ subject: "s", place: "p", perCallMs, batch: 3, cpu: "c", engine, entries });
        expect(parseLatencyCsv(latencyCsv(table), "x")).toEqual(table);
        expect(parseLatencyTable(table)).toEqual(table);
      }),
    );
  });
});

describe("the keys of all presets", () => {
  it("are layers' keys: what the template lists is read", () => {
    const foreign = { kind: "foreign", name: "block 1/add", stride: 1 } as const;
    const shape = { height: 4, width: 4, channels: 2 };
    const all: PlacedLayer[] = [
      ...layersToMeasure(
        ...architectureNames().map((name) => architecturePreset(name.replace("<8 digits>", "01201201"))),
        ...spaceNames().map(spacePreset),
      ),
      { layer: { ...foreign, input: shape, output: shape, params: 0, macs: 0, activationBytes: 0 }, input: shape },
    ];
    const text = latencyTemplate(all, "all").replace(/,,,,$/gm, ",1,,,");
    expect(missingKeys(parseLatencyCsv(text, "x"), all)).toEqual([]);
  });
});

describe("a latency table's name", () => {
  const folder = mkdtempSync(join(tmpdir(), "latency-names-"));
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is a file in latency/, JSON or CSV; one that is not there is refused with those that are", () => {
    mkdirSync(join(folder, "latency"));
    writeFileSync(join(folder, "latency", "phone.csv"), "key,medianMs\nidentity @ 2x2x1,1\n");
    const program = `
      const { readLatencyTable } = require(${JSON.stringify(join(__dirname, "../../src/cost"))});
      console.log(readLatencyTable("phone").place);
      try { readLatencyTable("fone"); } catch (error) { console.log(error.message); }`;
    const tsx = require.resolve("tsx/cjs");
    const said = execFileSync(process.execPath, ["--require", tsx, "-e", program], { cwd: folder, encoding: "utf8" });
    expect(said).toMatch(/^phone\n.*"fone" must be a file, or the name of one in latency\/, where there are phone;/);
  });

  it.each([
    ["UTF-16, low byte first", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le")],
    ["UTF-16, high byte first", (text: string) => Buffer.from(`\ufeff${text}`, "utf16le").swap16()],
    ["UTF-8 with its mark", (text: string) => Buffer.from(`\ufeff${text}`)],
  ])("may be of a spreadsheet's text in %s", (_, encode) => {
    const path = join(folder, "spreadsheet.csv");
    writeFileSync(path, encode("key,medianMs\nidentity @ 2x2x1,1.5\n"));
    expect(readLatencyTable(path).entries).toMatchObject([{ key: "identity @ 2x2x1", medianMs: 1.5 }]);
  });
});

describe("a latency table that is typed by hand", () => {
  const table: LatencyTable = parseLatencyTable({
    format: "blockwise-latency-1",
    subject: "dna-mini",
    place: "pixel-7",
    perCallMs: 0.4,
    batch: 1,
    cpu: "Cortex-A78",
    engine: { backend: "tflite", device: "cpu", threads: 1, versions: {} },
    entries: [{ key: "identity @ 2x2x1", medianMs: 1 }],
  });

  it.each([
    [{ perCallMs: -1 }, /perCallMs/],
    [{ perCallMs: Number.NaN }, /perCallMs/],
    [{ percallMs: 1 }, /percallMs/],
    [{ place: " " }, /place/],
    [{ entries: [{ key: "identity @ 2x2x1", medianMs: Number.POSITIVE_INFINITY }] }, /medianMs/],
    [{ entries: [{ key: "identity @ 2x2x1", medianMs: 1, median: 2 }] }, /median/],
    [{ entries: [{ key: "identity @ 2x2x1" }] }, /entries.0.medianMs" is missing/],
    [{ entries: [{ key: "foo @ 1x1x1", medianMs: 1 }] }, /entries.0: key must be a layer.*"foo @ 1x1x1"/],
    [
      { entries: [{ key: "identity @ 2x2x1", medianMs: 1, lowMs: 2 }] },
      /entries.0: lowMs must be at most medianMs, 1, got 2/,
    ],
    [{ entries: [{ key: "identity @ 2x2x1", medianMs: 1, highMs: 0 }] }, /entries.0: highMs must be at least medianMs/],
  ])("is refused where something is wrong: %j", (changes, said) => {
    expect(() => parseLatencyTable({ ...table, ...changes })).toThrow(said);
  });
});
