import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { CheckpointError, Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { Network, readSafetensors, writeSafetensors } from "../../src/nn";
import { Teacher } from "../../src/teacher";
import {
  resolveTrainingOptions,
  TRAINING_RULES,
  type TrainingData,
  type TrainingOptions,
  trainClassifier,
} from "../../src/train";
import { trainingFingerprint } from "../../src/train/training-checkpoint";
import { tinyArchitecture, tinyData, tinyOptions } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const logits = (images: tf.Tensor4D) => images as unknown as tf.Tensor2D;
const softTargets = {
  name: "teacher",
  preprocessing: { mean: [0.5], std: [0.2] },
  logits,
  weight: 0.5,
  temperature: 4,
};
const options = resolveTrainingOptions({ ...tinyOptions, softTargets, startFrom: "weights" });

/** Another value of every option: the compiler asks for those that come. */
const others: { readonly [Name in keyof Required<TrainingOptions>]: readonly TrainingOptions[Name][] } = {
  seed: [6],
  epochs: [5],
  batchSize: [8],
  optimizer: ["adam"],
  learningRate: [0.2],
  warmupEpochs: [1],
  weightDecay: [0],
  momentum: [0.5],
  labelSmoothing: [0.1],
  augment: [{}, { shift: 2 }, { shift: 1, flip: true }, { shift: 1, crop: {} }, { shift: 1, mixup: 0.2 }],
  classWeights: ["balanced", [1, 2, 1, 1]],
  ema: [0.9],
  softTargets: [
    undefined,
    { ...softTargets, name: "another teacher" },
    { ...softTargets, preprocessing: { mean: [0.4], std: [0.2] } },
    { ...softTargets, preprocessing: { mean: [0.5], std: [0.1] } },
    { ...softTargets, weight: 0.4 },
    { ...softTargets, temperature: 2 },
  ],
  startFrom: [undefined, "other weights"],
  // How often it is measured is in the history that a checkpoint has.
  validateEvery: [2],
  stopAfter: [2],
  checkpoint: ["elsewhere"],
  task: ["another word"],
};
/** Options that decide no result. */
const NAMES_ONLY = ["checkpoint", "stopAfter", "task"];

describe("the fingerprint of a training", () => {
  const of = (
    given: Partial<TrainingOptions> = {},
    data: TrainingData = tinyData,
    subject: unknown = tinyArchitecture,
  ) => trainingFingerprint(subject, data, { ...options, ...given });

  for (const name of Object.keys(TRAINING_RULES) as (keyof TrainingOptions)[]) {
    it(`${NAMES_ONLY.includes(name) ? "does not change" : "changes"} with ${name}`, () => {
      for (const value of others[name]) {
        const changed = of({ [name]: value }) !== of();
        expect(changed).toBe(!NAMES_ONLY.includes(name));
      }
    });
  }

  it("changes with everything of the data that a training sees, and with the network", () => {
    const { train, validation } = tinyData;
    const flip = (bytes: ArrayLike<number>) => Uint8Array.from(bytes, (byte, i) => (i === 9 ? byte ^ 1 : byte));
    const all = [
      of(),
      of({}, { ...tinyData, preprocessing: { mean: [0.9], std: [0.05] } }),
      of({}, { ...tinyData, shape: { height: 4, width: 16, channels: 1 } }),
      of({}, { ...tinyData, classes: [...tinyData.classes].reverse() }),
      of({}, { ...tinyData, train: { ...train, images: flip(train.images) } }),
      of({}, { ...tinyData, train: { ...train, labels: flip(train.labels) } }),
      of({}, { ...tinyData, validation: { ...validation, images: flip(validation.images) } }),
      of({}, tinyData, { ...tinyArchitecture, padding: "symmetric" }),
      of({}, tinyData, { ...tinyArchitecture, dropout: 0.2 }),
    ];
    expect(new Set(all).size).toBe(all.length);
  });
});

describe("a checkpoint", () => {
  const path = join(mkdtempSync(join(tmpdir(), "checkpoint-")), "state.safetensors");
  const train = (data: TrainingData = tinyData, given: object = {}) =>
    trainClassifier(new Network(tinyArchitecture, new Rng(1)), data, {
      ...tinyOptions,
      epochs: 2,
      checkpoint: path,
      ...given,
    });

  it("of another normalisation is not taken up, even where the data set's own fingerprint was copied", async () => {
    await train();
    const other = { ...tinyData, preprocessing: { mean: [0.9], std: [0.05] } };
    await expect(train(other)).rejects.toThrow(CheckpointError);
    await expect(train(other)).rejects.toThrow(/preprocessing.*differ; delete the file or name another/);
    await expect(train(tinyData, { augment: {} })).rejects.toThrow(CheckpointError);
  });

  it("begun with another engine is loaded when complete, and refused while it is not", async () => {
    const { tensors, metadata } = readSafetensors(path);
    expect(metadata.engine).toMatch(/^(native|tensorflow|cpu) on /);
    const { epochs } = await train();
    writeSafetensors(path, tensors, { ...metadata, engine: "abacus on cpu" });
    expect((await train()).epochs).toEqual(epochs);
    writeSafetensors(path, tensors, { ...metadata, engine: "abacus on cpu", history: JSON.stringify([epochs[0]]) });
    await expect(train()).rejects.toThrow(
      /was begun with the engine abacus on cpu, and .* is in use.*BLOCKWISE_ENGINE=abacus.*or delete the state/,
    );
  });
});

describe("a teacher", () => {
  const record = {
    architecture: tinyArchitecture,
    preprocessing: tinyData.preprocessing,
    classes: tinyData.classes,
    dataset: "synthetic",
    history: { epochs: [], validationImages: 0, imagesPerSecond: 0 },
  };

  it("has a fingerprint of all that its answers depend on", () => {
    const network = new Network(tinyArchitecture, new Rng(1));
    const other = new Network(tinyArchitecture, new Rng(2));
    const all = [
      new Teacher(network, record),
      new Teacher(other, record),
      new Teacher(network, { ...record, preprocessing: { mean: [0.9], std: [0.05] } }),
      new Teacher(network, { ...record, classes: [...record.classes].reverse() }),
      new Teacher(network, { ...record, architecture: { ...tinyArchitecture, padding: "symmetric" } }),
    ].map((teacher) => teacher.fingerprint());
    expect(new Set(all).size).toBe(all.length);
    network.dispose();
    other.dispose();
  });

  it("that was never measured says so, from its file too, and from files that say 0", () => {
    const path = join(mkdtempSync(join(tmpdir(), "teacher-")), "teacher.safetensors");
    const network = new Network(tinyArchitecture, new Rng(1));
    new Teacher(network, record).save(path);
    expect(Teacher.load(path).accuracy).toBeUndefined();
    new Teacher(network, { ...record, history: { ...record.history, accuracy: 0 } }).save(path);
    expect(Teacher.load(path).accuracy).toBeUndefined();
    new Teacher(network, { ...record, history: { ...record.history, accuracy: 0, validationImages: 8 } }).save(path);
    expect(Teacher.load(path).accuracy).toBe(0);
    network.dispose();
  });

  it("with a weight that is not finite is refused, with its name", () => {
    const path = join(mkdtempSync(join(tmpdir(), "teacher-")), "teacher.safetensors");
    const network = new Network(tinyArchitecture, new Rng(1));
    const teacher = new Teacher(network, record);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const [kernel] = network.parameters().values();
      kernel.assign(kernel.mul(0).add(value) as typeof kernel);
      teacher.save(path);
      expect(() => Teacher.load(path)).toThrow(
        /"classifier.kernel" must have finite values only, and has (NaN|Infinity)/,
      );
      kernel.assign(tf.zerosLike(kernel));
    }
    const [name, variance] = [...network.buffers()].find(([each]) => each.endsWith("runningVariance"))!;
    variance.assign(tf.onesLike(variance).mul(-0.5));
    teacher.save(path);
    expect(() => Teacher.load(path)).toThrow(
      `"${name}" must be a variance, 0 or above everywhere, and has -0.5 at place 0`,
    );
    teacher.dispose();
  });
});
