import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { CheckpointError, Rng } from "../../src/core";
import {
  DISTILL_RULES,
  type DistillOptions,
  distillBlock,
  type FeatureSource,
  memoryCheckpoints,
  resolveDistillOptions,
} from "../../src/distill";
import { distillFingerprint } from "../../src/distill/cell-checkpoint";
import { engine } from "../../src/engine";
import { LAB_RATE_RULES, type LabRateOptions, RatingJob } from "../../src/lab/session/rating-job";
import { Network } from "../../src/nn";
import { FEATURE_RULES, type FeatureOptions, Teacher, teacherFeatures } from "../../src/teacher";
import { tinyArchitecture, tinyData } from "../teacher/tiny";
import { tinyFeatures, tinySpace } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const space = tinySpace();
const features = tinyFeatures(space, 16);

describe("the fingerprint of a cell's distillation", () => {
  const of = (given: Partial<DistillOptions> = {}, source: FeatureSource = features, student = space) =>
    distillFingerprint(student, 1, 0, source, resolveDistillOptions(given));
  /** Another value of every option: the compiler asks for those that come. */
  const others: { readonly [Name in keyof Required<DistillOptions>]: DistillOptions[Name] } = {
    seed: 2,
    epochs: 4,
    batchSize: 16,
    sampler: "fair",
    learningRate: 0.01,
    schedule: "exponential",
    decay: 0.5,
    weightDecay: 0,
    guideInput: "student",
    labelLoss: 0.5,
    optimizerScope: "block",
    initialWeights: "fan-in",
    targetScale: "channel",
  };

  for (const name of Object.keys(DISTILL_RULES) as (keyof DistillOptions)[]) {
    it(`changes with ${name}`, () => expect(of({ [name]: others[name] })).not.toBe(of()));
  }

  it("changes with the features, the block's space, and, under a label loss, labels and classes", () => {
    const labelled = (labels: number[]): FeatureSource => ({
      ...features,
      labels: (at) => Array.from(at, () => labels[0]),
    });
    const loss = { labelLoss: 0.5 };
    const all = [
      of(),
      of({}, { ...features, fingerprint: "others" }),
      of({}, { ...features, count: 8 }),
      of({}, features, { ...space, padding: "symmetric" }),
      of({}, features, { ...space, batchNormEpsilon: 0.1 }),
      of(loss, labelled([0])),
      of(loss, labelled([1])),
      of(loss, labelled([1]), { ...space, classes: space.classes + 1 }),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(of({}, labelled([0]))).toBe(of({}, labelled([1])));
  });

  it("goes with the engine that began: a state that is not complete is refused under another", async () => {
    const checkpoints = memoryCheckpoints();
    const options = { epochs: 1, batchSize: 8, schedule: "exponential" } as const;
    (await distillBlock(space, 0, features, options, { checkpoints, workers: 0 })).supernet.dispose();
    for (const cell of space.blocks[0].cells.keys()) {
      checkpoints.write(0, cell, { ...checkpoints.read(0, cell)!, engine: "abacus on cpu" });
    }
    // Complete: only loaded.
    (await distillBlock(space, 0, features, options, { checkpoints, workers: 0 })).supernet.dispose();
    const further = distillBlock(space, 0, features, { ...options, epochs: 2 }, { checkpoints, workers: 0 });
    await expect(further).rejects.toThrow(CheckpointError);
    await expect(further).rejects.toThrow(/begun with the engine abacus on cpu.*or delete the state/);
  });
});

describe("the key of a rating", () => {
  const of = (given: LabRateOptions = {}) =>
    new RatingJob({} as never, { seed: 1, score: "relativeL1", ...given } as never, "teacher").key;
  const others: { readonly [Name in keyof Required<LabRateOptions>]: LabRateOptions[Name] } = {
    seed: 2,
    images: 8,
    calibrationImages: 8,
    batchSize: 8,
    score: "nsr",
    recalibrate: false,
    readout: "linear",
    rating: { name: "own", rate: () => 0 },
  };
  for (const name of Object.keys(LAB_RATE_RULES) as (keyof LabRateOptions)[]) {
    it(`changes with ${name}`, () => expect(of({ [name]: others[name] })).not.toBe(of()));
  }
});

describe("the fingerprint of features", () => {
  const teacherOf = (seed: number, preprocessing = tinyData.preprocessing) => {
    const { classes, name: dataset } = tinyData;
    const history = { epochs: [], validationImages: 0, imagesPerSecond: 0 };
    const network = new Network(tinyArchitecture, new Rng(seed));
    return new Teacher(network, { architecture: tinyArchitecture, preprocessing, classes, dataset, history });
  };
  const of = async (given: FeatureOptions = {}, teacher = teacherOf(1), cut = 1) => {
    const store = await teacherFeatures(teacher, teacher.split([cut]), tinyData.test, given);
    store.close();
    teacher.dispose();
    return store.fingerprint;
  };
  const others: { readonly [Name in keyof Required<FeatureOptions>]: NonNullable<FeatureOptions[Name]> } = {
    indices: [1, 2, 3],
    dtype: "float32",
    directory: mkdtempSync(join(tmpdir(), "features-")),
  };

  for (const name of Object.keys(FEATURE_RULES) as (keyof FeatureOptions)[]) {
    it(`${name === "directory" ? "does not change" : "changes"} with ${name}`, async () => {
      expect((await of({ [name]: others[name] })) !== (await of())).toBe(name !== "directory");
    });
  }

  it("changes with the teacher's weights and preprocessing, and with the cut; files are told apart by engine", async () => {
    const all = [
      await of(),
      await of({}, teacherOf(2)),
      await of({}, teacherOf(1, { mean: [0.9], std: [0.05] })),
      await of({}, teacherOf(1), 2),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(readdirSync(others.directory).some((file) => file.includes(all[0]))).toBe(false);
  });
});
