import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { engine } from "../../src/engine";
import type { RatedSpace } from "../../src/rate";
import { RunDirectory } from "../../src/study";
import { parseExperiment, runExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

test("an experiment takes every switch: the student as its own guide, labels, another score, weights, named cut points", async () => {
  engine.use("auto", { threads: 1 });
  const config = parseExperiment({
    ...tinyExperiment,
    split: { after: ["block0.0"] },
    space: { ...tinyExperiment.space, cellsPerBlock: 1 },
    distill: {
      ...tinyExperiment.distill,
      epochs: [2, 1],
      learningRate: [0.005, 0.01],
      guideInput: "student",
      labelLoss: 0.3,
      optimizerScope: "block",
      sampler: "fair",
    },
    rate: { ...tinyExperiment.rate, score: "nsr", recalibrate: false },
    search: { macs: ["1k", "60k"], activationBytes: "1M", difference: 0.5, weights: [1, 2] },
    retrain: { ...tinyExperiment.retrain, epochs: 1, alongFront: 1, random: 0, warmStart: true },
  });
  const path = join(mkdtempSync(join(tmpdir(), "switches-")), "run");
  const run = RunDirectory.open(path, config);
  try {
    const { measured } = await runExperiment(config, run);
    const { blocks } = run.result<{ blocks: { lastLayer: number }[] }>("space")!;
    expect(blocks.map(({ lastLayer }) => lastLayer)).toEqual([1, 3]);
    const table = JSON.parse(readFileSync(run.file("ratings", "table.json"), "utf8")) as RatedSpace;
    expect(new Set(table.blocks.flat().map(({ cell }) => cell))).toEqual(new Set([0]));
    for (const [block, rows] of table.blocks.entries()) {
      for (const { score, nsr } of rows) expect(score).toBeCloseTo([1, 2][block] * nsr, 9);
    }
    expect(measured.map(({ label }) => label)).toEqual(["teacher", "found 1"]);
    expect(
      [0, 1].map((block) => run.result<{ history: unknown[][] }>(`distill/block${block}`)!.history[0].length),
    ).toEqual([2, 1]);
  } finally {
    run.close();
  }
});
