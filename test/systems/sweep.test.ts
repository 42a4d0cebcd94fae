import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { InterruptedError } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { csv } from "../../src/retrain";
import { compare } from "../../src/retrain/compare/measured-front";
import { summariseSweep } from "../../src/retrain/compare/sweep-summary";
import { sweepPoints } from "../../src/study";
import { runSweep } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

const folder = mkdtempSync(join(tmpdir(), "sweep-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

/** Of any number of blocks. */
const experiment = {
  ...tinyExperiment,
  space: { kernels: [3, 5], expansions: [2, 3], cellsPerBlock: 2 },
  distill: { images: 64, epochs: 1, batchSize: 16 },
  search: { macs: "300%" },
  retrain: { epochs: 1, batchSize: 32, alongFront: 1, random: 1, tolerance: 0.9 },
};

describe("a sweep", () => {
  it("is all combinations, those of one seed together, each with a folder of its own", () => {
    const points = sweepPoints({ seeds: [1, 2], settings: { split: [2, 3], "search.macs": ["40%", ["1M", "2M"]] } });
    expect(points).toHaveLength(8);
    expect(new Set(points.map(({ name }) => name)).size).toBe(8);
    expect(points[0]).toEqual({
      name: "split-2-search.macs-40pc-seed1",
      seed: 1,
      settings: { split: 2, "search.macs": "40%" },
    });
    for (const { name } of points) expect(name).toMatch(/^[\w.-]+$/);
    expect(
      csv([
        ["a,b", 'say "x"'],
        [1, undefined],
      ]),
    ).toBe('"a,b","say ""x"""\n1,\n');
  });

  it("checks all combinations before anything is trained, and names the nearest right key", async () => {
    const directory = join(folder, "none");
    const call = (settings: Record<string, unknown[]>, seeds = [1]) =>
      runSweep(experiment, { seeds, settings }, { directory });
    await expect(call({ splitt: [1, 2] })).rejects.toThrow(/sweep, splitt-1-seed1: .*perhaps "split" is meant/s);
    await expect(call({ "distil.epochs": [1] })).rejects.toThrow(/perhaps "distill" is meant/);
    await expect(call({ "distill.epoch": [1] })).rejects.toThrow(/perhaps "epochs" is meant/);
    await expect(call({ split: [1, 500] })).rejects.toThrow(/sweep, split-500-seed1: .*500/);
    await expect(call({ split: [2, 2] })).rejects.toThrow(/split has 2 twice/);
    await expect(call({ split: [] })).rejects.toThrow(/at least one/);
    await expect(call({ seed: [1] })).rejects.toThrow(/swept by seeds/);
    await expect(call({}, [])).rejects.toThrow(/at least one seed/);
    expect(() => statSync(directory)).toThrow();
  });

  it("sets each found network beside the most accurate teacher shrunk to its cost", () => {
    const network = (
      kind: "teacher" | "found" | "shrunk",
      label: string,
      accuracy: number,
      macs: number,
      score?: number,
    ) => ({ kind, label, accuracy, macs, score, params: 10, images: 100, dataset: "x", file: "" }) as const;
    const front = (shift: number) => ({
      measured: [
        network("teacher", "teacher", 0.9, 1000),
        network("found", "found 1", 0.8 + shift, 100, 2),
        network("found", "found 2", 0.5, 50, 3),
        network("shrunk", "shrunk 1 (width)", 0.95, 51),
        network("shrunk", "shrunk 2 (width)", 0.7, 101),
        network("shrunk", "shrunk 3 (compound)", 0.75, 99),
      ],
      predictedFront: [],
      predicted: [],
    });
    const runs = [0, 0.02].map((shift, seed) => ({ name: `s${seed}`, seed, settings: {}, front: front(shift) }));
    const { rows } = summariseSweep([], runs, compare);
    expect(rows[0].figures.shrunk!.mean).toBeCloseTo(0.75, 12);
    expect(rows[0].figures.gainOverShrunk!.mean).toBeCloseTo(0.06, 12);
    expect(rows[0].figures.gainOverShrunk!.standardError).toBeCloseTo(0.01, 12);
    expect(rows[0].figures).not.toHaveProperty("random");
  });

  it("runs the block-count ablation in one cell: the teacher once a seed, means with errors, resumed, then only read", async () => {
    const directory = join(folder, "blocks");
    const options = { seeds: [1, 2], split: [1, 2], directory };
    const stop = new AbortController();
    const stopped = lab.sweep(experiment, options, {
      signal: stop.signal,
      onProgress: ({ task }) => {
        if (task.startsWith("retrain")) stop.abort();
      },
    });
    await expect(stopped).rejects.toThrow(InterruptedError);
    const tasks: string[] = [];
    const onProgress = ({ task, done, total }: { task: string; done: number; total: number }) => {
      if (done === total) tasks.push(task);
    };
    const swept = await lab.sweep(experiment, options, { onProgress });
    // Seed 1 had its teacher before it was stopped; the second block count of a seed takes the first one's.
    expect(tasks.filter((task) => /^train/.test(task))).toHaveLength(1);
    const { rows, runs } = swept.summary;
    expect(rows.map(({ settings, seeds }) => [settings, seeds])).toEqual([
      [{ split: 1 }, [1, 2]],
      [{ split: 2 }, [1, 2]],
    ]);
    const found = runs.filter(({ settings }) => settings.split === 1).map(({ figures }) => figures.found);
    expect(rows[0].figures.found!.mean).toBeCloseTo((found[0] + found[1]) / 2, 12);
    expect(rows[0].figures.found!.standardError).toBeCloseTo(Math.abs(found[0] - found[1]) / 2, 12);
    expect(readFileSync(join(directory, "runs.csv"), "utf8").trim().split("\n")).toHaveLength(5);
    expect(readFileSync(join(directory, "sweep.csv"), "utf8")).toBe(swept.csv());
    expect(String((await swept[DISPLAY]())["text/plain"])).toContain("found (%)");
    expect(swept.figure().figure.data[0]).toMatchObject({ x: ["split 1", "split 2"] });
    const again: string[] = [];
    const same = await lab.sweep(experiment, options, { onProgress: ({ task }) => void again.push(task) });
    expect(again).toEqual([]);
    expect(same.summary).toEqual(swept.summary);
  });
});
