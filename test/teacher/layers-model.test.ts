import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BlockwiseError, CheckpointError, Rng, SpaceError } from "../../src/core";
import { syntheticDataset } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { lab } from "../../src/lab";
import { LabData } from "../../src/lab/values/data";
import { Network } from "../../src/nn";
import { retrain, saveLayersModel, toLayersModel } from "../../src/retrain";
import { openModelTeacher, studentSpace, Teacher, teacherFeatures, teacherFromModel } from "../../src/teacher";
import { tinyArchitecture, tinyData } from "./tiny";

const folder = mkdtempSync(join(tmpdir(), "layers-model-"));
const L = tf.layers;
const seen = { preprocessing: { mean: [0.4], std: [0.3] } };
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** 16x16 -> 8x8x6 -> a residual block of 4x4x8; probabilities of four classes. */
function residualModel(activation: "softmax" | "linear" | "sigmoid" = "softmax", input = [16, 16, 1]): tf.LayersModel {
  const image = tf.input({ shape: input, name: "image" });
  const conv = (name: string, filters: number, strides: number, x: tf.SymbolicTensor) => {
    const y = L.conv2d({ filters, kernelSize: 3, strides, padding: "same", useBias: false, name }).apply(x);
    const z = L.batchNormalization({ name: `${name}_norm` }).apply(y);
    return L.activation({ activation: "relu", name: `${name}_relu` }).apply(z) as tf.SymbolicTensor;
  };
  const stem = conv("stem", 6, 2, image);
  const down = conv("down", 8, 2, stem);
  const wide = L.separableConv2d({ filters: 8, kernelSize: 3, padding: "same", name: "separable" }).apply(down);
  const sum = L.add({ name: "sum" }).apply([down, wide as tf.SymbolicTensor]) as tf.SymbolicTensor;
  const pooled = L.globalAveragePooling2d({ name: "pool" }).apply(sum) as tf.SymbolicTensor;
  const dropped = L.dropout({ rate: 0.5, name: "drop" }).apply(pooled) as tf.SymbolicTensor;
  const answer = L.dense({ units: 4, activation, name: "answer" }).apply(dropped) as tf.SymbolicTensor;
  return tf.model({ inputs: image, outputs: answer, name: "residual" });
}

/** Weights away from where they begin, running statistics, too. */
function shaken(model: tf.LayersModel): tf.LayersModel {
  const rng = new Rng(7);
  tf.tidy(() => {
    model.setWeights(
      model.getWeights().map(({ shape, size }) => {
        return tf.tensor(
          Float32Array.from({ length: size }, () => 0.2 + rng.uniform() * 0.5),
          shape,
        );
      }),
    );
  });
  return model;
}

function images(count = 3, [height, width, channels] = [16, 16, 1]): tf.Tensor4D {
  const rng = new Rng(3);
  const values = Float32Array.from({ length: count * height * width * channels }, () => rng.uniform() * 2 - 1);
  return tf.tensor4d(values, [count, height, width, channels]);
}

const values = (tensor: tf.Tensor) => Array.from(tensor.dataSync());
const far = (a: readonly number[], b: readonly number[]) => Math.max(...a.map((value, i) => Math.abs(value - b[i])));

describe("a layers model as a teacher", () => {
  test("answers with the logits of its probabilities, and with the maps of its layers", () => {
    const model = shaken(residualModel());
    const teacher = teacherFromModel(model, seen);
    const x = images();
    const logits = teacher.logits(x);
    expect(far(values(tf.softmax(logits)), values(model.predict(x) as tf.Tensor))).toBeLessThan(1e-5);
    // Rows of logits do not sum to 1.
    expect(Math.abs(values(logits)[0])).toBeGreaterThan(1);
    const names = ["stem_relu", "down_relu", "sum"];
    expect(teacher.cost.layers.slice(0, -1).map(({ name }) => name)).toEqual(names);
    const maps = teacher.featuresAt(x, [0, 1, 2]);
    for (const [i, name] of names.entries()) {
      const inner = tf.model({ inputs: model.inputs, outputs: model.getLayer(name).output as tf.SymbolicTensor });
      expect(far(values(maps[i]), values(inner.predict(x) as tf.Tensor))).toBeLessThan(1e-5);
    }
    const blocks = teacher.split({ after: ["stem_relu"] });
    expect(far(values(teacher.logitsAfter(blocks[0], maps[0])), values(logits))).toBeLessThan(1e-4);
    teacher.dispose();
  });

  test("costs what its layers cost: trainable numbers and multiply-adds, in all and by block", () => {
    const model = residualModel();
    const teacher = teacherFromModel(model, seen);
    const separable = 3 * 3 * 8 + 8 * 8;
    const macs = [9 * 6 * 64, 9 * 6 * 8 * 16, separable * 16, 8 * 4];
    const params = [9 * 6 + 12, 9 * 6 * 8 + 16, separable + 8, 8 * 4 + 4];
    expect(teacher.cost.layers.map((layer) => layer.macs)).toEqual(macs);
    expect(teacher.cost.layers.map((layer) => layer.params)).toEqual(params);
    const trainable = model.trainableWeights.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a! * b!, 1)!, 0);
    expect(teacher.cost.params).toBe(trainable);
    expect(teacher.split("stages").map(({ output }) => output)).toEqual([
      { height: 8, width: 8, channels: 6 },
      { height: 4, width: 4, channels: 8 },
    ]);
    const [first, second] = teacher.split("stages");
    expect([first.macs + second.macs, first.stride, second.stride]).toEqual([macs[0] + macs[1] + macs[2], 2, 2]);
    teacher.dispose();
  });

  test("is cut at the layers that are named; what follows the last is its head", () => {
    const teacher = teacherFromModel(residualModel(), { ...seen, cuts: ["stem_norm", "down"] });
    expect(teacher.trunk.length).toBe(2);
    expect(teacher.split("stages").length).toBe(2);
    expect(teacher.cost.layers.map(({ name }) => name)).toEqual(["stem_norm", "down", "answer"]);
    const space = studentSpace(teacher, teacher.split(2), { kernels: [3], expansions: [2] });
    expect(space.blocks.map(({ output }) => output.channels)).toEqual([6, 8]);
    teacher.dispose();
  });

  test.each([
    [["stem_rely"], /"stem_rely" is no layer of the model; perhaps "stem_relu" is meant; .*stem_relu, down_relu, sum/],
    [["separable"], /"separable" is a layer that cannot end a block: another path leads past it/],
    [["pool"], /"pool" is a layer that cannot end a block: its output, \[8\]/],
    [["sum", "stem_relu"], /in the order in which images pass them, got "stem_relu" behind "sum"/],
  ])("cuts %j are refused with those that can be", (cuts, message) => {
    const tensors = tf.memory().numTensors;
    const model = residualModel();
    expect(() => teacherFromModel(model, { ...seen, cuts })).toThrow(message);
    expect(() => teacherFromModel(model, { ...seen, cuts })).toThrow(SpaceError);
    model.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test("is a copy, named by its weights, and the same when it is saved and read", () => {
    const model = shaken(residualModel());
    const teacher = teacherFromModel(model, { ...seen, classes: ["a", "b", "c", "d"], dataset: "mine" });
    const before = teacher.fingerprint();
    const path = join(folder, "saved.safetensors");
    teacher.save(path);
    tf.tidy(() => model.setWeights(model.getWeights().map((weight) => weight.add(0.1))));
    expect(teacher.fingerprint()).toBe(before);
    const read = Teacher.load(path);
    expect([read.fingerprint(), read.classes, read.dataset]).toEqual([before, teacher.classes, "mine"]);
    const x = images();
    expect(values(read.logits(x))).toEqual(values(teacher.logits(x)));
    expect(values(read.featuresAt(x, [1])[0])).toEqual(values(teacher.featuresAt(x, [1])[0]));
    const shared = Teacher.of(structuredClone(teacher.share()));
    expect(shared.fingerprint()).toBe(before);
    const other = teacherFromModel(model, { ...seen, classes: ["a", "b", "c", "d"], dataset: "mine" });
    expect(other.fingerprint()).not.toBe(before);
    for (const of of [teacher, read, shared, other]) of.dispose();
  });

  test("a backbone inside a model is cut at its own layers", () => {
    const backbone = residualModel("linear");
    const inner = tf.model({
      inputs: backbone.inputs,
      outputs: backbone.getLayer("sum").output as tf.SymbolicTensor,
      name: "backbone",
    });
    const image = tf.input({ shape: [16, 16, 1] });
    const scaled = L.rescaling({ scale: 2, offset: 0 }).apply(image) as tf.SymbolicTensor;
    const pooled = L.globalAveragePooling2d({}).apply(inner.apply(scaled) as tf.SymbolicTensor) as tf.SymbolicTensor;
    const answer = L.softmax({}).apply(L.dense({ units: 3 }).apply(pooled) as tf.SymbolicTensor) as tf.SymbolicTensor;
    const model = shaken(tf.model({ inputs: image, outputs: answer, name: "outer" }));
    const teacher = teacherFromModel(model, { ...seen, cuts: ["backbone/stem_relu", "backbone/sum"] });
    const x = images();
    expect(far(values(tf.softmax(teacher.logits(x))), values(model.predict(x) as tf.Tensor))).toBeLessThan(1e-5);
    const sequential = tf.sequential({ layers: [inner, L.globalAveragePooling2d({}), L.dense({ units: 3 })] });
    const flat = teacherFromModel(sequential, seen);
    expect(far(values(flat.logits(x)), values(sequential.predict(x) as tf.Tensor))).toBeLessThan(1e-5);
    expect(flat.trunk.length).toBe(3);
    const path = join(folder, "sequential.safetensors");
    flat.save(path);
    const read = Teacher.load(path);
    expect(values(read.logits(x))).toEqual(values(flat.logits(x)));
    for (const of of [teacher, flat, read]) of.dispose();
  });

  test("our own exported model is one again: same logits, multiply-adds, preprocessing and classes", async () => {
    const network = new Network(tinyArchitecture, new Rng(2));
    const model = toLayersModel(network);
    const { classes } = tinyData;
    await saveLayersModel(join(folder, "exported"), model, { preprocessing: { mean: [0.1], std: [0.9] }, classes });
    const teacher = await openModelTeacher(join(folder, "exported", "model.json"));
    expect([teacher.preprocessing, teacher.classes]).toEqual([{ mean: [0.1], std: [0.9] }, classes]);
    const x = images(2, [8, 8, 1]);
    expect(far(values(teacher.logits(x)), values(network.logits(x, { mode: "eval" })))).toBeLessThan(1e-5);
    const own = new Teacher(network, {
      ...{ architecture: tinyArchitecture, preprocessing: teacher.preprocessing, classes, dataset: "synthetic" },
      history: { epochs: [], validationImages: 0, imagesPerSecond: 0 },
    });
    expect([teacher.cost.macs, teacher.cost.params]).toEqual([own.cost.macs, own.cost.params]);
    const data = new LabData(tinyData, 1);
    const inCell = await lab.teacher(join(folder, "exported", "model.json"), { data });
    expect((await inCell.teacher.evaluate(tinyData.validation)).count).toBe(32);
    for (const of of [teacher, own, inCell.teacher]) of.dispose();
  });
});

describe("in a cell, a layers model", () => {
  const square = syntheticDataset({
    seed: 3,
    count: 64,
    validationCount: 32,
    shape: { height: 16, width: 16, channels: 1 },
  });
  const data = new LabData(square, 1);
  const { classes } = square;

  test("is imitated by blocks and gives soft targets, its preprocessing its own", async () => {
    const teacher = await lab.teacher(shaken(residualModel()), { data, classes, ...seen, cuts: ["stem_relu", "sum"] });
    expect(await teacher.testAccuracy()).toBeGreaterThanOrEqual(0);
    const blocks = teacher.split(2);
    const store = await teacherFeatures(teacher.teacher, blocks.blocks, square.train, { dtype: "float32" });
    const [pixel] = store.batch(0, [0]).dataSync();
    expect(pixel).toBeCloseTo((square.train.images[0] / 255 - 0.4) / 0.3, 5);
    store.close();
    const supernet = lab.supernet(blocks, { ops: [{ kernelSize: 3, expansion: 2, seRatio: 0, activation: "relu" }] });
    await supernet.distill({ epochs: 1, images: 32, batchSize: 16 });
    const ratings = await supernet.rate({ images: 16, batchSize: 16, calibrationImages: 16 });
    expect(ratings.search({ macs: 1e6 }).macs).toBeGreaterThan(0);
    const distillation = { teacher: teacher.teacher, weight: 0.5, temperature: 2 };
    const architecture = { ...tinyArchitecture, input: square.shape, classes: classes.length };
    const student = await retrain(architecture, square, { seed: 1, epochs: 1, batchSize: 16, distillation });
    student.dispose();
    await expect(teacher.export("onnx")).rejects.toThrow(/is a model of TensorFlow\.js/);
    expect(() => teacher.shrunk("45%")).toThrow(/shrink: the network must be built of Blockwise's layers/);
    teacher.teacher.dispose();
  });

  test.each([
    [{ classes }, /how the model residual sees images: preprocessing/],
    [{ classes, ...seen, cut: ["sum"] }, /cut.*cuts/],
    [{ ...seen }, /its file does not name them.*classes: \["pattern 0"/],
    [{ classes, ...seen, arch: "resnet18" }, /arch is for weights of torchvision or timm/],
    [{ classes, ...seen, fineTune: {} }, /train the model by its own fit\(\)/],
    [{ classes: ["a"], ...seen }, /classes must name the 4/],
    [{ classes, preprocessing: { mean: [0, 0, 0], std: [1, 1, 1] } }, /preprocessing must have .* of 1 channels/],
    [
      { classes, preprocessing: { mean: [102], std: [51] } },
      /scale 0\.\.1, .*got mean \[102\] and std \[51\]; .*divide them by 255: \{ mean: \[0\.4\], std: \[0\.2\] \}/,
    ],
    [{ classes, preprocessing: { mean: [0], std: [255] } }, /scale 0\.\.1/],
  ])("%j is refused", async (options, message) => {
    const tensors = tf.memory().numTensors;
    const model = residualModel();
    await expect(lab.teacher(model, { data, ...(options as object) })).rejects.toThrow(message);
    await expect(lab.teacher(model, { data, ...(options as object) })).rejects.toThrow(BlockwiseError);
    model.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  test("what cannot teach says why and what to do", async () => {
    expect(() => teacherFromModel(residualModel("sigmoid"), seen)).toThrow(/answer ends with sigmoid/);
    expect(() => teacherFromModel({} as never, seen)).toThrow(/must be a tf\.LayersModel/);
    const nan = residualModel();
    tf.tidy(() => nan.setWeights(nan.getWeights().map((weight) => weight.mul(Number.NaN))));
    expect(() => teacherFromModel(nan, seen)).toThrow(CheckpointError);
    const negative = shaken(residualModel());
    const norm = negative.getLayer("down_norm");
    tf.tidy(() => norm.setWeights(norm.getWeights().map((weight) => weight.mul(-1))));
    expect(() => teacherFromModel(negative, seen)).toThrow(
      /weight \d+ of the model, down_norm\/moving_variance, must be a variance, 0 or above everywhere, and has -0\.\d+ at/,
    );
    negative.dispose();
    const valid = tf.sequential({
      layers: [
        L.conv2d({ inputShape: [16, 16, 1], filters: 4, kernelSize: 3 }),
        L.flatten(),
        L.dense({ units: 4, activation: "softmax" }),
      ],
    });
    expect(() => teacherFromModel(valid, seen)).toThrow(
      /whose map is its 16x16x1 image halved some times, and has none/,
    );
    await expect(lab.teacher("net.h5", { data })).rejects.toThrow(/tensorflowjs_converter/);
    writeFileSync(
      join(folder, "graph.json"),
      JSON.stringify({ format: "graph-model", modelTopology: {}, weightsManifest: [] }),
    );
    await expect(lab.teacher(join(folder, "graph.json"), { data })).rejects.toThrow(/is a graph model/);
    const path = join(folder, "exported", "model.json");
    writeFileSync(path, readFileSync(path, "utf8").replace(/"weights.bin"/, '"gone.bin"'));
    await expect(openModelTeacher(path)).rejects.toThrow(/gone\.bin/);
  });

  test("reads no weights outside the model's folder, and no file that is no JSON", async () => {
    const path = join(folder, "outside.json");
    for (const outside of ["../weights.bin", "/etc/hostname", "a/../../weights.bin", 3]) {
      const weightsManifest = [{ paths: ["weights.bin", outside], weights: [] }];
      writeFileSync(path, JSON.stringify({ format: "layers-model", modelTopology: {}, weightsManifest }));
      await expect(openModelTeacher(path)).rejects.toThrow(/must be files of its folder, and it names/);
    }
    for (const text of ['{"format": ', "null", "3"]) {
      writeFileSync(path, text);
      await expect(openModelTeacher(path)).rejects.toThrow(CheckpointError);
    }
  });
});
