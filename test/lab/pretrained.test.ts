import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError, Rng } from "../../src/core";
import { type Dataset, type Split, syntheticDataset } from "../../src/data";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { engine, tf } from "../../src/engine";
import { lab } from "../../src/lab";
import { Network, namingOf, type StoredTensor, saveState, toPyTorch, writeSafetensors } from "../../src/nn";
import { architecturePreset } from "../../src/space";

const folder = mkdtempSync(join(tmpdir(), "lab-pretrained-"));
const file = join(folder, "weights.safetensors");
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  engine.use("auto", { threads: 1 });
  const network = new Network({ ...architecturePreset("mobilenetv3_small_100"), classes: 3 }, new Rng(1));
  const naming = namingOf("timm", network.architecture);
  const tensors = [...saveState(network)].map(([own, tensor]): [string, StoredTensor] => {
    const { name, rank } = naming(own);
    return [name, toPyTorch(tensor, own, rank)];
  });
  writeSafetensors(file, new Map(tensors));
  network.dispose();
});

const textOf = async (value: Displayable) => String((await value[DISPLAY]())["text/plain"]);
const shape = { height: 32, width: 32, channels: 3 };
/** As many classes as the weights have. */
function threeClasses(): Dataset {
  const { classes, ...rest } = syntheticDataset({ shape, count: 24, testCount: 8, validationCount: 8 });
  const of = ({ labels, ...split }: Split): Split => ({ ...split, labels: labels.map((label) => label % 3) });
  const splits = { train: of(rest.train), validation: of(rest.validation), test: of(rest.test) };
  return { ...rest, ...splits, classes: classes.slice(0, 3) };
}

test("weights of timm are a teacher at the data's size, under their own preprocessing, and say what is not certain", async () => {
  const dataset = syntheticDataset({ shape, count: 24, testCount: 8, validationCount: 8 });
  const data = await lab.data(dataset);
  const teacher = await lab.teacher(file, { data, featuresOnly: true });
  expect(teacher.architecture.input).toEqual(shape);
  expect(teacher.teacher.preprocessing.mean).toEqual([0.485, 0.456, 0.406]);
  expect(await textOf(teacher.table())).toMatch(/arch: "tf_mobilenetv3_small_100"/);
  const same = await lab.teacher(file, { data, featuresOnly: true, arch: "tf_mobilenetv3_small_100" });
  expect(same.architecture.padding).toBe("same");
  expect(await textOf(same.table())).not.toMatch(/arch:/);
  expect(teacher.split("stages").blocks.at(-1)?.output).toEqual({ height: 1, width: 1, channels: 96 });
  const path = await teacher.export("onnx", join(folder, "teacher.onnx"));
  expect(path).toBe(join(folder, "teacher.onnx"));
  await expect(lab.teacher(file, { data })).rejects.toThrow(/featuresOnly: true/);
  await expect(lab.teacher("efficientnet-tiny@28px", { data, arch: "resnet18" })).rejects.toThrow(
    /arch is for weights of torchvision or timm/,
  );
  await expect(lab.teacher("resnet18.pth", { data })).rejects.toThrow(/resnet18\.pth must be a file of weights, and/);
  await expect(lab.teacher(file, { data, classes: dataset.classes })).rejects.toThrow(ConfigError);
  for (const of of [teacher, same]) of.teacher.dispose();
});

test("of as many classes as the data, which its file does not name, it is told how to name them; then it is taken", async () => {
  const data = await lab.data(threeClasses());
  await expect(lab.teacher(file, { data })).rejects.toThrow(
    /its file does not name them; where they are, say so when its weights are opened: classes: \["pattern 0", "pattern 1", "pattern 2"\] \(all 3; .*data\.dataset\.classes.*fineTune: \{\}.*featuresOnly: true/,
  );
  const teacher = await lab.teacher(file, { data, classes: data.dataset.classes });
  expect(teacher.teacher.classes).toEqual(data.classes);
  teacher.teacher.dispose();
  // Numbers are names, too, of other things.
  const digits = await lab.data({ ...threeClasses(), classes: ["0", "1", "2"] });
  await expect(lab.teacher(file, { data: digits })).rejects.toThrow(
    /say so when its weights are opened: classes: \["0", "1", "2"\]/,
  );
});

test("a model of TensorFlow.js is told what can be done with one: fineTune cannot", async () => {
  const data = await lab.data(threeClasses());
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ filters: 4, kernelSize: 3, strides: 2, padding: "same", inputShape: [32, 32, 3] }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 3 }),
    ],
  });
  const preprocessing = { mean: [0, 0, 0], std: [1, 1, 1] };
  const refused = await lab.teacher(model, { data, preprocessing }).then(
    () => "",
    (error: Error) => error.message,
  );
  expect(refused).toMatch(
    /classes: \["pattern 0".*train the model on this data by its own fit\(\).*featuresOnly: true/,
  );
  expect(refused).not.toMatch(/fineTune/);
  model.dispose();
});

test("it is taught the data by fineTune: a classifier of its classes, measured, cut at stages; what contradicts that is refused", async () => {
  const data = await lab.data(syntheticDataset({ shape, count: 24, testCount: 8, validationCount: 8 }));
  const tasks = new Set<string>();
  const fineTune = { epochs: 1, headEpochs: 1, batchSize: 8 };
  const teacher = await lab.teacher(file, { data, fineTune }, { onProgress: ({ task }) => tasks.add(task) });
  expect([teacher.featuresOnly, teacher.architecture.classes, teacher.teacher.classes]).toEqual([
    false,
    4,
    data.classes,
  ]);
  expect([...tasks]).toEqual(["fine-tune teacher"]);
  expect(teacher.teacher.preprocessing.mean).toEqual([0.485, 0.456, 0.406]);
  expect(teacher.accuracy).toBe((await teacher.teacher.evaluate(data.dataset.validation)).accuracy);
  expect(await teacher.testAccuracy()).toBeGreaterThanOrEqual(0);
  expect(await textOf(teacher.table())).toMatch(/Fine-tuned from mobilenetv3_small_100 of unnamed data \(3 classes\)/);
  expect(teacher.split("stages").featuresOnly).toBe(false);
  const saved = join(folder, "tuned.safetensors");
  teacher.save(saved);
  const read = await lab.teacher(saved, { data });
  expect(read.teacher.fingerprint()).toBe(teacher.teacher.fingerprint());
  await expect(lab.teacher(file, { data })).rejects.toThrow(/fineTune: \{\}/);
  await expect(lab.teacher(file, { data, fineTune, featuresOnly: true })).rejects.toThrow(/leave one of them out/);
  await expect(lab.teacher("efficientnet-tiny@28px", { data, fineTune })).rejects.toThrow(/fineTune is for a teacher/);
  await expect(lab.teacher(file, { data, fineTune: { epoch: 1 } as never })).rejects.toThrow(/epoch.*epochs/);
  for (const of of [teacher, read]) of.teacher.dispose();
});
