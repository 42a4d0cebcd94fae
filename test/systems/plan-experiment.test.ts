import { beforeAll, describe, expect, test } from "vitest";
import type { ProgressEvent } from "../../src/core";
import { loadDataset } from "../../src/data";
import { engine } from "../../src/engine";
import { planSteps } from "../../src/study";
import {
  type ExperimentInput,
  parseExperiment,
  planExperiment,
  plannedFeatureBytes,
  prepareExperiment,
  smokeConfig,
} from "../../src/systems/dna";
import { Paces } from "../../src/systems/dna/plan/pace";
import { type ProbedStudy, stepTimes } from "../../src/systems/dna/plan/step-times";
import { experimentWork } from "../../src/systems/dna/plan/work";
import { tinyExperiment } from "./tiny-experiment";

beforeAll(() => void engine.use("auto", { threads: 1 }));

const event = (task: string, done: number, total: number, elapsedMs: number, more: Partial<ProgressEvent> = {}) => ({
  task,
  done,
  total,
  unit: "batches",
  metrics: {},
  elapsedMs,
  ...more,
});

describe("the pace of a task", () => {
  test("is that of its units once it is under way: what the first ones cost more counts once", () => {
    const paces = new Paces();
    // 900 ms of a start, then 10 ms a batch.
    for (let i = 1; i <= 10; i++) paces.report(event("train teacher", i, 10, 900 + 10 * i));
    expect(paces.perUnit(/^train/)).toBeCloseTo(10, 9);
    expect(paces.elapsedMs("train teacher")).toBe(1000);
    expect(paces.total("train teacher")).toBe(10);
    expect(paces.perUnit("rate")).toBeUndefined();
  });

  test("of networks side by side is by the share of each that is done", () => {
    const paces = new Paces();
    const networks = (done: number, task: string, share: number, elapsedMs: number) =>
      paces.report(
        event("retrain 2 networks", done, 2, elapsedMs, {
          unit: "networks",
          within: { task, done: share, total: 10, unit: "batches", metrics: {} },
        }),
      );
    // Two at once, a batch of each every 20 ms, behind a start of 500 ms.
    for (let i = 1; i <= 10; i++) {
      networks(0, "a", i, 500 + 20 * i);
      networks(0, "b", i, 500 + 20 * i);
    }
    paces.report(event("retrain 2 networks", 2, 2, 700, { unit: "networks" }));
    expect(paces.perUnit(/^retrain/)).toBeCloseTo(100, 9);
  });
});

const whole: ExperimentInput = {
  ...tinyExperiment,
  data: { name: "synthetic", trainCount: 4096, validationCount: 1024, testCount: 512 },
  distill: { ...tinyExperiment.distill, images: 1024, epochs: [3, 6] },
  improve: { networks: 8, rounds: 2, epochs: 2, images: 2048 },
  search: { macs: "60k", also: [{ macs: "50k" }] },
  retrain: { ...tinyExperiment.retrain, alongFront: 2, random: 3, shrunk: ["width"], trainings: 2 },
};

describe("what an experiment takes", () => {
  test("its work is counted from the configuration", async () => {
    const config = parseExperiment(whole);
    const { space } = await prepareExperiment(config);
    const work = experimentWork(config, space, { train: 4096, validation: 1024, test: 512 });
    expect(work).toMatchObject({
      teacherBatches: 2 * 128,
      teacherValidation: 2 * 1024,
      featureImages: 1024 + 48,
      ratingImages: 48 + 32,
      brief: { networks: 8, images: 2 * 2048, rounds: 2 },
      // Two along the front and the best of the other budget; three random ones and a shrunk one beside each best; twice.
      retrained: { networks: (3 + 2 * 4) * 2, images: 2 * 4096 },
      testImages: 512,
    });
    expect(work.blocks.map(({ batches }) => batches)).toEqual([2 * 3 * 128, 2 * 6 * 128]);
  });

  test("each step's time is its work at the pace of the tiny study", async () => {
    const config = parseExperiment(whole);
    const { space } = await prepareExperiment(config);
    const large = experimentWork(config, space, { train: 4096, validation: 1024, test: 512 });
    const tiny = experimentWork({ ...config, distill: { ...config.distill, images: 128, epochs: 1 } }, space, {
      train: 512,
      validation: 128,
      test: 256,
    });
    const paces = new Paces();
    const steady = (task: string, units: number, each: number) => {
      for (let i = 1; i <= units; i++) paces.report(event(task, i, units, i * each));
    };
    steady("train teacher", 16, 3);
    steady("distill 2 blocks", 32, 2);
    steady("rate block 1/2", 8, 5);
    const durations = new Map([["search", 70]]);
    const probed: ProbedStudy = { ms: 1, work: tiny, paces, durations, stateBytes: 0, networkBytes: 0, resultBytes: 0 };
    const families = { teacher: "teacher", "distill/block0": "distillation", "distill/block1": "distillation" };
    const named = { ...families, "rate/block0": "ratings", search: "search" };
    const plan = planSteps(Object.entries(named).map(([name, family]) => ({ name, family, reads: {} })));
    const ms = Object.fromEntries(stepTimes(plan, large, probed).map((step) => [step.name, step.ms]));
    expect(ms.teacher).toBeCloseTo(256 * 3 + (2048 * 1) / 32, 6);
    // Batches of both blocks together take what the mean batch did, each by its multiply-adds.
    const [a, b] = large.blocks;
    expect(ms["distill/block0"] / ms["distill/block1"]).toBeCloseTo((a.batches * a.macs) / (b.batches * b.macs), 6);
    expect(ms["rate/block0"]).toBeCloseTo((8 * 5 * 80) / tiny.ratingImages, 6);
    expect(ms.search).toBe(70);
  });

  test("the tiny study has the same teacher, space, limits and batches, one epoch and few images", () => {
    const config = parseExperiment(whole);
    const tiny = smokeConfig(config, { train: 16_384, validation: 4096, test: 2048 }, 4);
    expect(parseExperiment(JSON.parse(JSON.stringify(tiny)))).toEqual(tiny);
    expect(tiny).toMatchObject({
      data: { trainCount: 2048, validationCount: 512, testCount: 1024 },
      teacher: { ...config.teacher, epochs: 1 },
      space: config.space,
      search: config.search,
      distill: { epochs: [1, 1], images: 96, batchSize: 8 },
      improve: { networks: 4, rounds: 1, epochs: 1, images: 2048 },
      retrain: { epochs: 1, alongFront: 1, random: 1, trainings: 1, shrunk: ["width"] },
    });
    // Never more than there is.
    const few = smokeConfig(config, { train: 100, validation: 20, test: 10 }, 4);
    expect(few.data).toMatchObject({ trainCount: 100, validationCount: 20, testCount: 10 });
  });

  test("a plan is made by a probe from end to end, which gives every step a time, and the run its bytes", async () => {
    const config = parseExperiment({ ...tinyExperiment, improve: { networks: 4, rounds: 1, epochs: 1 } });
    const prepared = await prepareExperiment(config);
    const { name, ...division } = config.data;
    const data = await loadDataset(name, { ...division, seed: config.seed });
    const plan = await planExperiment(config, prepared, data);
    expect(plan.steps.map((step) => step.name)).toEqual([
      "teacher",
      "space",
      "distill/block0",
      "rate/block0",
      "distill/block1",
      "rate/block1",
      "improve",
      "search",
      "retrain",
      "front",
    ]);
    for (const { name: step, ms, state } of plan.steps) {
      expect(Number.isSafeInteger(ms) && ms >= 0, step).toBe(true);
      expect(state).toBe("open");
    }
    expect(plan.ms).toBe(plan.steps.reduce((sum, { ms }) => sum + ms, 0));
    expect(plan.ms).toBeGreaterThan(0);
    // 4 x 4 x 6 and 2 x 2 x 8 values of two bytes, of 128 images to distil on and 48 to rate on.
    expect(plan.disk.features).toBe(2 * (96 + 32) * (128 + 48));
    expect(plannedFeatureBytes(config, prepared, data)).toBe(plan.disk.features);
    expect(Math.min(plan.disk.checkpoints, plan.disk.results, plan.memoryBytes)).toBeGreaterThan(1000);
  });
});
