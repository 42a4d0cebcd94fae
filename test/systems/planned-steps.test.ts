import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Rng } from "../../src/core";
import { latencyKey, latencyTableOf, layersOfSpace } from "../../src/cost";
import { identifyData, loadDataset, registerDataset, syntheticImages } from "../../src/data";
import { engine } from "../../src/engine";
import { Network, namingOf, saveState, toPyTorch, writeSafetensors } from "../../src/nn";
import { saveLayersModel, toLayersModel } from "../../src/retrain";
import { architecturePreset, parseArchitecture } from "../../src/space";
import { describeOutcomes, type PlannedStep, planOutcomes } from "../../src/study";
import {
  type ExperimentInput,
  experimentSchema,
  parseExperiment,
  plannedSteps,
  prepareExperiment,
} from "../../src/systems/dna";
import { Teacher } from "../../src/teacher";
import { tinyArchitecture } from "../teacher/tiny";
import { tinyExperiment } from "./tiny-experiment";

const folder = mkdtempSync(join(tmpdir(), "planned-"));
const teacherFile = join(folder, "teacher.safetensors");
const modelFile = join(folder, "model", "model.json");
const hubFile = join(folder, "hub.safetensors");
const PATTERNS = ["pattern 0", "pattern 1", "pattern 2", "pattern 3"];
/** Colour images as weights of the hub see them, and a space around any teacher. */
const OF_HUB = {
  data: { name: "planned-steps-colour" },
  split: 1,
  space: { cells: undefined, kernels: [3], expansions: [1], cellsPerBlock: 1 },
  search: { macs: "1G" },
};
const latencyFile = join(folder, "latency.json");

/** Places of all options: what the schema has no keys for. */
function optionsOf(schema: z.ZodType, place = ""): string[] {
  if (schema instanceof z.ZodObject) {
    const shape = schema.shape as Record<string, z.ZodType>;
    return Object.entries(shape).flatMap(([key, inner]) => optionsOf(inner, place ? `${place}.${key}` : key));
  }
  const { innerType } = schema.def as { innerType?: z.ZodType };
  return innerType ? optionsOf(innerType, place) : [place];
}

const DISTILL = ["distill", "rate", "search", "retrain", "front"];
const RATE = DISTILL.slice(1);
const SEARCH = DISTILL.slice(2);
const RETRAIN = DISTILL.slice(3);
const TEACHER = ["teacher", ...DISTILL];
const SPACE = ["space", ...DISTILL];

interface Change {
  /** What the experiment has before, beside the tiny one's. */
  readonly from?: ExperimentInput;
  readonly to: ExperimentInput;
  /** Steps that read it, and those that build on them. */
  readonly steps: readonly string[];
}

const AUGMENTATIONS = {
  "augment.flip": true,
  "augment.shift": 1,
  "augment.crop.scale": [0.5, 1],
  "augment.crop.ratio": [0.9, 1.1],
  "augment.jitter.brightness": 0.4,
  "augment.jitter.contrast": 0.4,
  "augment.jitter.saturation": 0.4,
  "augment.jitter.hue": 0.1,
  "augment.randAugment.ops": 1,
  "augment.randAugment.magnitude": 5,
  "augment.erase.share": 0.5,
  "augment.erase.scale": [0.1, 0.2],
  "augment.erase.ratio": [0.5, 2],
  "augment.mixup": 0.2,
};

/** `{ "a.b": 1 }` as `{ a: { b: 1 } }`. */
function nested(change: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(change).map(([place, value]) => {
      const [first, ...rest] = place.split(".");
      return [first, rest.length === 0 ? value : nested({ [rest.join(".")]: value })];
    }),
  );
}

const training = (part: "teacher" | "improve" | "retrain", steps: readonly string[]): Record<string, Change> =>
  Object.fromEntries(
    Object.entries({
      epochs: 5,
      batchSize: 16,
      optimizer: "adam",
      learningRate: 0.05,
      warmupEpochs: 1,
      weightDecay: 0.1,
      momentum: 0.5,
      labelSmoothing: 0.2,
      classWeights: "balanced",
      ema: 0.9,
      ...AUGMENTATIONS,
    }).map(([key, value]): [string, Change] => [
      `${part}.${key}`,
      part === "improve" ? improving(nested({ [key]: value })) : { to: { [part]: nested({ [key]: value }) }, steps },
    ]),
  );

/** A teacher that is there is taught the data. */
const tuning = (change: object): Change => ({
  from: { teacher: { file: teacherFile, fineTune: {} } },
  to: { teacher: { file: teacherFile, fineTune: change } },
  steps: TEACHER,
});

/** With brief trainings: what they read, the search reads, too. */
const IMPROVE = ["improve", ...SEARCH];
const improving = (change: object): Change => ({
  from: { improve: { networks: 4 } },
  to: { improve: { networks: 4, ...change } },
  steps: IMPROVE,
});

const narrow = [[{ depth: 1, width: 1 }], [{ depth: 1, width: 1 }]];
const distillation = { weight: 0.5, temperature: 4 };

/** For every option: a change of it, and the steps whose fingerprints it changes. A new option needs an entry here. */
const CHANGES: Record<string, Change> = {
  // A name says where results lie, the number of threads how their last digits round: it is recorded with each step.
  name: { to: { name: "other" }, steps: [] },
  threads: { to: { threads: 2 }, steps: [] },
  seed: { to: { seed: 5 }, steps: TEACHER },
  "data.name": { to: { data: { name: "planned-steps" } }, steps: TEACHER },
  // Images are named by what they are: a folder that moved has the same.
  "data.root": { to: { data: { root: folder } }, steps: [] },
  // Pictures are named by what they are once they are scaled; to be strict ends a run or not, and never gives another result.
  "data.shape": {
    from: { data: { name: "planned-steps-shaped", shape: 8 } },
    to: { data: { name: "planned-steps-shaped", shape: 10 } },
    steps: TEACHER,
  },
  "data.strict": { from: { data: { name: "planned-steps" } }, to: { data: { strict: true } }, steps: [] },
  // Where pictures lie meanwhile changes no result.
  "data.memory": { to: { data: { memory: "1M" } }, steps: [] },
  "data.trainCount": { to: { data: { trainCount: 255 } }, steps: TEACHER },
  "data.validationCount": { to: { data: { validationCount: 63 } }, steps: TEACHER },
  "data.testCount": { to: { data: { testCount: 63 } }, steps: ["front"] },
  "teacher.architecture": {
    to: { teacher: { architecture: { ...tinyArchitecture, dropout: 0.2 } } },
    steps: ["space", ...TEACHER],
  },
  "teacher.file": { to: { teacher: { file: teacherFile } }, steps: TEACHER },
  "teacher.arch": {
    from: { ...OF_HUB, teacher: { file: hubFile, classes: PATTERNS, arch: "mobilenetv3_small_100" } },
    to: { teacher: { arch: "tf_mobilenetv3_small_100" } },
    steps: ["space", ...TEACHER],
  },
  "teacher.preprocessing.mean": {
    from: { teacher: { file: modelFile, classes: PATTERNS, preprocessing: { mean: [0], std: [1] } } },
    to: { teacher: { preprocessing: { mean: [0.5], std: [1] } } },
    steps: TEACHER,
  },
  "teacher.preprocessing.std": {
    from: { teacher: { file: modelFile, classes: PATTERNS, preprocessing: { mean: [0], std: [1] } } },
    to: { teacher: { preprocessing: { mean: [0], std: [0.5] } } },
    steps: TEACHER,
  },
  "teacher.classes": {
    from: { teacher: { file: modelFile, classes: PATTERNS } },
    to: { teacher: { classes: [...PATTERNS].reverse() } },
    steps: TEACHER,
  },
  // The same maps; the teacher's accuracy is not measured.
  "teacher.featuresOnly": {
    from: { teacher: { file: modelFile, classes: PATTERNS } },
    to: { teacher: { featuresOnly: true } },
    steps: ["front"],
  },
  "teacher.cuts": {
    from: {
      teacher: { file: modelFile, classes: PATTERNS, cuts: ["trunk_0_norm_silu", "trunk_3_project_norm"] },
      split: "stages",
      space: { cells: undefined, cellsPerBlock: 1 },
      search: { macs: "1M" },
    },
    to: { teacher: { cuts: ["trunk_0_norm_silu", "trunk_2_add"] } },
    steps: ["space", ...TEACHER],
  },
  ...Object.fromEntries(
    Object.entries({
      ...{ epochs: 5, batchSize: 16, optimizer: "adam", learningRate: 0.01, warmupEpochs: 1, weightDecay: 0.1 },
      ...{ momentum: 0.5, labelSmoothing: 0.2, headEpochs: 1, headLearningRate: 0.1, patience: 2 },
      ...{ classWeights: "balanced", ema: 0.9, ...AUGMENTATIONS },
    }).map(([key, value]): [string, Change] => [`teacher.fineTune.${key}`, tuning(nested({ [key]: value }))]),
  ),
  ...training("teacher", TEACHER),
  split: { to: { split: [2] }, steps: SPACE },
  "space.kernels": { to: { space: { kernels: [3, 7] } }, steps: SPACE },
  "space.expansions": { to: { space: { expansions: [3] } }, steps: SPACE },
  "space.seRatio": { to: { space: { seRatio: 0.5 } }, steps: SPACE },
  "space.ops": {
    from: { space: { kernels: undefined, expansions: undefined } },
    to: { space: { ops: [{ kind: "conv", kernelSize: 3 }] } },
    steps: SPACE,
  },
  "space.cells": { to: { space: { cells: [[{ depth: 1, width: 4 }], [{ depth: 2, width: 8 }]] } }, steps: SPACE },
  "space.adapter": { to: { space: { adapter: false } }, steps: SPACE },
  "space.cellsPerBlock": { to: { space: { cellsPerBlock: 1 } }, steps: SPACE },
  "distill.images": { to: { distill: { images: 64 } }, steps: DISTILL },
  "distill.epochs": { to: { distill: { epochs: 5 } }, steps: DISTILL },
  "distill.batchSize": { to: { distill: { batchSize: 16 } }, steps: DISTILL },
  "distill.sampler": { to: { distill: { sampler: "fair" } }, steps: DISTILL },
  "distill.learningRate": { to: { distill: { learningRate: 0.1 } }, steps: DISTILL },
  "distill.schedule": { to: { distill: { schedule: "exponential" } }, steps: DISTILL },
  "distill.decay": { to: { distill: { decay: 0.5 } }, steps: DISTILL },
  "distill.weightDecay": { to: { distill: { weightDecay: 0.5 } }, steps: DISTILL },
  "distill.guideInput": { to: { distill: { guideInput: "student" } }, steps: DISTILL },
  "distill.labelLoss": { to: { distill: { labelLoss: 0.5 } }, steps: DISTILL },
  "distill.optimizerScope": { to: { distill: { optimizerScope: "block" } }, steps: DISTILL },
  "distill.initialWeights": { to: { distill: { initialWeights: "fan-in" } }, steps: DISTILL },
  "distill.targetScale": { to: { distill: { targetScale: "channel" } }, steps: DISTILL },
  "rate.images": { to: { rate: { images: 40 } }, steps: RATE },
  "rate.calibrationImages": { to: { rate: { calibrationImages: 16 } }, steps: RATE },
  "rate.batchSize": { to: { rate: { batchSize: 8 } }, steps: RATE },
  "rate.score": { to: { rate: { score: "nsr" } }, steps: RATE },
  "rate.readout": { to: { rate: { readout: "linear" } }, steps: RATE },
  "rate.recalibrate": { to: { rate: { recalibrate: false } }, steps: RATE },
  ...training("improve", IMPROVE),
  "improve.networks": improving({ networks: 5 }),
  "improve.rounds": improving({ rounds: 2 }),
  "improve.images": improving({ images: 100 }),
  "improve.minutes": improving({ minutes: 9 }),
  "improve.ratings": improving({ ratings: false }),
  "search.also": {
    from: { improve: { networks: 4 } },
    to: { search: { also: [{ macs: "50k" }] } },
    steps: IMPROVE,
  },
  "search.macs": { to: { search: { macs: "61k" } }, steps: SEARCH },
  "search.params": { to: { search: { params: "1M" } }, steps: SEARCH },
  "search.activationBytes": { to: { search: { activationBytes: "200%" } }, steps: SEARCH },
  "search.macsOfTeacher": {
    from: { space: { cells: narrow }, search: { macs: undefined, macsOfTeacher: 0.9 } },
    to: { search: { macsOfTeacher: 0.95 } },
    steps: SEARCH,
  },
  "search.latencyMs": {
    from: { search: { latencyTable: latencyFile } },
    to: { search: { latencyMs: 99 } },
    steps: SEARCH,
  },
  "search.latencyTable": { to: { search: { latencyTable: latencyFile } }, steps: SEARCH },
  "search.weights": { to: { search: { weights: [1, 0] } }, steps: SEARCH },
  "search.join": { to: { search: { join: "product" } }, steps: SEARCH },
  "search.difference": { to: { search: { difference: 0.5 } }, steps: SEARCH },
  ...training("retrain", RETRAIN),
  "retrain.warmStart": { to: { retrain: { warmStart: true } }, steps: RETRAIN },
  "retrain.distillation.weight": {
    from: { retrain: { distillation } },
    to: { retrain: { distillation: { ...distillation, weight: 0.6 } } },
    steps: RETRAIN,
  },
  "retrain.distillation.temperature": {
    from: { retrain: { distillation } },
    to: { retrain: { distillation: { ...distillation, temperature: 5 } } },
    steps: RETRAIN,
  },
  "retrain.alongFront": { to: { retrain: { alongFront: 1 } }, steps: SEARCH },
  "retrain.random": { to: { retrain: { random: 2 } }, steps: RETRAIN },
  "retrain.shrunk": { to: { retrain: { shrunk: ["width"] } }, steps: RETRAIN },
  "retrain.trainings": { to: { retrain: { trainings: 2 } }, steps: RETRAIN },
  "retrain.tolerance": { to: { retrain: { tolerance: 0.2 } }, steps: RETRAIN },
};

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  registerDataset("planned-steps", async () => ({
    ...syntheticImages({ count: 640, testCount: 160, seed: 9 }),
    name: "planned-steps",
  }));
  registerDataset("planned-steps-shaped", async (_root, _context, { shape = 8 } = {}) => {
    const [height, width] = [shape, shape] as [number, number];
    return syntheticImages({ count: 640, testCount: 160, shape: { height, width, channels: 1 } });
  });
  registerDataset("planned-steps-colour", async () => ({
    ...syntheticImages({ count: 640, testCount: 160, shape: { height: 8, width: 8, channels: 3 } }),
    name: "planned-steps-colour",
  }));
  const network = new Network(parseArchitecture({ ...tinyArchitecture }), new Rng(1));
  const model = toLayersModel(network);
  await saveLayersModel(join(folder, "model"), model, { preprocessing: { mean: [0], std: [1] }, classes: PATTERNS });
  model.dispose();
  const hub = new Network({ ...architecturePreset("mobilenetv3_small_100"), classes: 4 }, new Rng(1));
  const naming = namingOf("timm", hub.architecture);
  const weights = [...saveState(hub)].map(([own, tensor]) => {
    const { name, rank } = naming(own);
    return [name, toPyTorch(tensor, own, rank)] as const;
  });
  writeSafetensors(hubFile, new Map(weights));
  hub.dispose();
  const history = { epochs: [], accuracy: 0.5, validationImages: 64, imagesPerSecond: 0 };
  const record = { preprocessing: { mean: [0.5], std: [0.5] }, classes: ["a", "b", "c", "d"], dataset: "synthetic" };
  new Teacher(network, { ...record, architecture: network.architecture, history }).save(teacherFile);
  network.dispose();
  const { space } = await prepareExperiment(parseExperiment(tinyExperiment));
  const entries = layersOfSpace(space).map(({ layer, input }) => {
    return { key: latencyKey(layer, input), medianMs: 1, lowMs: 1, highMs: 1, runs: 1 };
  });
  const of = { backend: "none", device: "cpu", threads: 1, versions: {} };
  const table = latencyTableOf({ subject: "tiny", batch: 1, cpu: "none", engine: of, entries });
  writeFileSync(latencyFile, JSON.stringify(table));
});

/** One experiment with the keys of another in place of its own. */
function merged(base: object, change: object): ExperimentInput {
  return Object.fromEntries(
    [...new Set([...Object.keys(base), ...Object.keys(change)])].map((key) => {
      const [own, other] = [base, change].map((of) => (of as Record<string, unknown>)[key]);
      const nested =
        [own, other].every((value) => typeof value === "object" && !Array.isArray(value)) && key !== "architecture";
      if (!(key in change)) return [key, own];
      return [key, nested ? merged(own as object, other as object) : other];
    }),
  );
}

async function planOf(experiment: ExperimentInput): Promise<PlannedStep[]> {
  const config = parseExperiment(experiment);
  const { name, ...images } = config.data;
  const data = await loadDataset(name, { ...images, seed: config.seed });
  return plannedSteps(config, await prepareExperiment(config), identifyData(data));
}

/** Names of the steps whose fingerprints differ; blocks are told together. */
function changed(before: readonly PlannedStep[], after: readonly PlannedStep[]): string[] {
  const earlier = new Map(before.map(({ name, fingerprint }) => [name, fingerprint]));
  const names = after.filter(({ name, fingerprint }) => earlier.get(name) !== fingerprint).map(({ name }) => name);
  return [...new Set(names.map((name) => name.replace(/\/block\d+$/, "")))].sort();
}

describe("what a changed option does again", () => {
  test("every option of an experiment has its entry", () => {
    expect(Object.keys(CHANGES).sort()).toEqual(optionsOf(experimentSchema).sort());
  });

  test.each(Object.keys(CHANGES))("%s", async (place) => {
    const { from = {}, to, steps } = CHANGES[place];
    const base = merged(tinyExperiment, from);
    const [before, after] = [await planOf(base), await planOf(merged(base, to))];
    expect(changed(before, after)).toEqual([...steps].sort());
  });

  test("equal configurations have equal plans, whatever the order of keys and defaults left out", async () => {
    const reversed = Object.fromEntries(Object.entries(tinyExperiment).reverse());
    const written = JSON.parse(JSON.stringify(parseExperiment(tinyExperiment)));
    const plan = await planOf(tinyExperiment);
    expect(await planOf(reversed)).toEqual(plan.map((step) => ({ ...step, files: expect.any(Function) })));
    expect(changed(plan, await planOf(written))).toEqual([]);
  });

  test("a block's own options leave the other blocks alone", async () => {
    const base = merged(tinyExperiment, { distill: { epochs: [2, 2] } });
    const [before, after] = [await planOf(base), await planOf(merged(base, { distill: { epochs: [2, 3] } }))];
    const same = (name: string) =>
      before.find((step) => step.name === name)?.fingerprint === after.find((step) => step.name === name)?.fingerprint;
    expect(["distill/block0", "rate/block0", "distill/block1", "rate/block1", "search"].map(same)).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test("it is told with the reason, step by step", async () => {
    const [before, after] = [
      await planOf(tinyExperiment),
      await planOf(merged(tinyExperiment, CHANGES["search.weights"].to)),
    ];
    const done = new Map(before.map(({ name, fingerprint, reads }) => [name, { step: name, fingerprint, reads }]));
    const differences = ["search.weights: nothing, now [1,0]"];
    const outcomes = planOutcomes(after, { done, before: [], differences, damage: () => undefined });
    expect(describeOutcomes(outcomes)).toEqual([
      "reused: teacher, space, distillation, ratings",
      "again: search (search.weights: nothing, now [1,0])",
      "again: retraining (builds on search)",
      "again: front (builds on search; builds on retraining)",
    ]);
  });
});
