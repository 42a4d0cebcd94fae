import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { readRun } from "../../src/cli/report/recorded-run";
import { runSections } from "../../src/cli/report/run-sections";
import { writeReport } from "../../src/cli/report/write-report";
import { BlockwiseError, ConfigError, writeJson } from "../../src/core";
import type { MeasuredFront } from "../../src/retrain";
import { blockSpace, mbconv } from "../../src/space";
import { parseExperiment } from "../../src/systems/dna";

const shape = (size: number, channels: number) => ({ height: size, width: size, channels });
const space = blockSpace([{ input: shape(8, 1), output: shape(4, 8) }], {
  ops: mbconv([3, 5], [3]),
  cells: [[{ depth: 1, width: 8 }]],
});
const block = { index: 0, firstLayer: 0, lastLayer: 1, ...space.blocks[0], stride: 2, macs: 8e5, params: 800 };
const history = {
  epochs: [{ epoch: 1, loss: 0.5, trainAccuracy: 0.8, validationAccuracy: 0.85, learningRate: 0.1, durationMs: 2000 }],
  accuracy: 0.85,
  validationImages: 100,
  imagesPerSecond: 50,
};
const candidates = [0, 1].map((op) => ({
  block: 0,
  cell: 0,
  path: [op],
  score: 0.2 + 0.1 * op,
  mse: 1,
  relativeMse: 1,
}));
const network = { dataset: "fashion-mnist", images: 1000, params: 900, validationAccuracy: 0.85, file: "" };
const front: MeasuredFront = {
  measured: [
    { ...network, label: "teacher", kind: "teacher", macs: 1e6, accuracy: 0.9 },
    { ...network, label: "found 1", kind: "found", macs: 4e5, accuracy: 0.88, score: 0.2 },
    { ...network, label: "random 1", kind: "random", macs: 4e5, accuracy: 0.89, score: 0.3 },
  ],
  predictedFront: [{ macs: 4e5, params: 900, score: 0.2 }],
  predicted: [{ label: "found 1", kind: "found", macs: 4e5, score: 0.2 }],
};

/** What a run records, step by step. */
const steps: [string, unknown][] = [
  ["teacher", { architecture: "tiny", macs: 1e6, params: 1000, history }],
  ["space", { blocks: [block], space }],
  ["distill/block0", { history: [[{ block: 0, cell: 0, epoch: 1, loss: 0.3, learningRate: 0.1, durationMs: 10 }]] }],
  ["rate/block0", { candidates: 2, best: 0.2 }],
  ["search", { budget: { macs: 5e5 }, best: { id: "c0.0", score: 0.2, macs: 4e5, params: 900 }, networksOnFront: 1 }],
  ["retrain/found 1", { id: "c0.0", history }],
  ["front", front],
];

describe("report", () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), "report-"));
  });

  function record(count: number): void {
    writeJson(join(path, "config.json"), parseExperiment({}));
    const lines = steps.slice(0, count).map(([step, result]) => `${JSON.stringify({ step, result })}\n`);
    writeFileSync(join(path, "journal.jsonl"), lines.join(""));
    writeJson(join(path, "ratings", "block0.json"), { space: "tiny", seed: 1, block: 0, images: 64, candidates });
  }

  it("draws a finished run on one page that needs no other file", async () => {
    record(steps.length);
    const page = await writeReport(path);
    expect(page).toBe(join(path, "report.html"));
    const html = readFileSync(page, "utf8");
    for (const text of [
      "FLOPs (multiply-adds)",
      "MACs",
      "found 1",
      "88.00 %",
      "Ratings",
      "Distillation",
      "e3k5",
      "Setting",
    ]) {
      expect(html).toContain(text);
    }
    expect(html.match(/blockwisePlotlyPacked="/g)).toHaveLength(1);
    expect(html).not.toMatch(/(src|href)="(?!data:|#)/);
    expect(readdirSync(join(path, "figures"))).toContain("accuracy-against-cost-on-fashion-mnist.svg");
  });

  it("draws runs on one's own pictures, whose number of validation images follows from the pictures", async () => {
    record(steps.length);
    writeJson(join(path, "config.json"), parseExperiment({ data: { name: "./birds" } }));
    expect(readFileSync(await writeReport(path), "utf8")).toContain("./birds, some images held out");
  });

  it("says it when the found network does not beat the random ones", () => {
    record(steps.length);
    expect(runSections(readRun(path))[0].words).toContain(
      "DOES NOT beat the random ones: it lies 1.00 points below them on average. One standard error",
    );
  });

  it("draws an unfinished run as far as it came, and says so", () => {
    record(4);
    const sections = runSections(readRun(path));
    expect(sections[0].words).toContain("not finished");
    expect(sections.map(({ heading }) => heading)).toEqual([
      "The front",
      "Ratings",
      "Distillation",
      "Search space",
      "Teacher",
      "Setting",
    ]);
    record(0);
    expect(runSections(readRun(path)).map(({ heading }) => heading)).toEqual(["The front", "Setting"]);
  });

  it("says which engine did which step when they are not all the same, and never one for all", () => {
    record(0);
    const environment = {
      node: "v20",
      platform: "linux",
      cpu: "a cpu",
      cores: 2,
      memoryBytes: 1,
      engine: { backend: "native", device: "cpu", threads: 1, versions: {} },
    };
    const later = { ...environment, since: "2026-01-02", engine: { ...environment.engine, backend: "cpu" } };
    writeJson(join(path, "environment.json"), { sittings: [environment, later] });
    const engine = (backend: string) => ({ backend, threads: 1 });
    const lines = [
      { step: "teacher", result: steps[0][1], engine: engine("native") },
      { step: "space", result: steps[1][1], engine: engine("cpu") },
    ];
    writeFileSync(join(path, "journal.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    const rows = runSections(readRun(path))
      .at(-1)!
      .tables![0].rows.map((row) => row.join(": "));
    expect(rows).toEqual(
      expect.arrayContaining([
        "engine: native, 1 threads",
        "engine: cpu, 1 threads",
        "machine since 2026-01-02: a cpu, 2 cores, linux",
        "steps by native, 1 threads: teacher",
        "steps by cpu, 1 threads: space",
      ]),
    );
  });

  it.each<[string, string, string, RegExp]>([
    ["an empty configuration", "config.json", "{}", /must be a run's configuration, and is not \(seed: .*run the same/],
    ["no configuration", "config.json", "null", /must be a run's configuration/],
    ["a binary configuration", "config.json", "\u0000\u0001", /is no JSON/],
    [
      "damaged ratings",
      "ratings/block0.json",
      '{"block":',
      /must be a block's ratings, and is no JSON.*rates the block anew/,
    ],
    ["ratings of another form", "ratings/block0.json", "[]", /must be a block's ratings, and is not/],
    [
      "ratings that are not finite",
      "ratings/block0.json",
      '{"space":"s","seed":1,"block":0,"images":9,"candidates":[{"block":0,"cell":0,"path":[0],"score":null}]}',
      /candidates\.0\.score/,
    ],
    [
      "a record without a result",
      "journal.jsonl",
      '{"step":"teacher"}\n',
      /record of teacher in .* must say what came/,
    ],
    ["a record of another form", "journal.jsonl", '{"step":"front","result":{"measured":[]}}\n', /record of front/],
    ["a damaged environment", "environment.json", "{}", /must be a run's environment.*delete it/],
  ])("refuses %s in a sentence", (_, file, content, message) => {
    record(steps.length);
    writeFileSync(join(path, file), content);
    expect(() => readRun(path)).toThrow(BlockwiseError);
    expect(() => readRun(path)).toThrow(message);
    expect(() => readRun(path)).toThrow(join(path, file));
  });

  it("says so when ratings are gone", () => {
    record(steps.length);
    rmSync(join(path, "ratings"), { recursive: true });
    expect(() => readRun(path)).toThrow(/block0\.json must be a block's ratings, and does not exist/);
  });

  it("refuses a directory that is no run, naming it", async () => {
    await expect(writeReport(path)).rejects.toThrow(ConfigError);
    await expect(writeReport(path)).rejects.toThrow(`${path} must be the directory of a run, and has no config.json`);
  });
});
