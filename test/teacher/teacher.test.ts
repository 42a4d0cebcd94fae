import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CheckpointError, ConfigError, Rng, SpaceError } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { Network, writeSafetensors } from "../../src/nn";
import { Teacher, trainTeacher } from "../../src/teacher";
import { tinyArchitecture, tinyData, tinyOptions } from "./tiny";

const folder = mkdtempSync(join(tmpdir(), "blockwise-teacher-"));
let teacher: Teacher;
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  teacher = await trainTeacher(tinyArchitecture, tinyData, { ...tinyOptions, epochs: 2 });
});
afterAll(() => {
  teacher.dispose();
  rmSync(folder, { recursive: true });
});

test("a teacher knows its accuracy, cost and preprocessing", async () => {
  expect(teacher.accuracy).toBe(teacher.history.epochs[1].validationAccuracy);
  expect((await teacher.evaluate(tinyData.validation)).accuracy).toBe(teacher.accuracy);
  expect(teacher.cost.macs).toBeGreaterThan(0);
  expect(teacher.preprocessing).toEqual(tinyData.preprocessing);
});

test("split gives blocks with shapes, strides and costs that follow from the network", () => {
  const [first, second] = teacher.split(2);
  expect(first).toMatchObject({ firstLayer: 0, lastLayer: 2, stride: 2, output: { height: 4, width: 4, channels: 6 } });
  expect(first.input).toEqual(tinyArchitecture.input);
  expect(second).toMatchObject({
    firstLayer: 3,
    lastLayer: 3,
    stride: 2,
    output: { height: 2, width: 2, channels: 8 },
  });
  const trunk = teacher.cost.layers.slice(0, 4).reduce((sum, { macs }) => sum + macs, 0);
  expect(first.macs + second.macs).toBe(trunk);
  expect(teacher.split(4).length).toBe(4);
  expect(teacher.split([0, 1]).map(({ lastLayer }) => lastLayer)).toEqual([0, 1, 3]);
  expect(() => teacher.split(5)).toThrow(SpaceError);
});

test("a saved teacher is loaded with the same answers", () => {
  const path = join(folder, "teacher.safetensors");
  teacher.save(path);
  const loaded = Teacher.load(path);
  const images = tf.randomNormal<tf.Rank.R4>([3, 8, 8, 1], 0, 1, "float32", 7);
  const [a, b] = [teacher.logits(images), loaded.logits(images)];
  expect([...b.dataSync()]).toEqual([...a.dataSync()]);
  expect(loaded.fingerprint()).toBe(teacher.fingerprint());
  expect(loaded.history).toEqual(teacher.history);
  expect(loaded.architecture).toEqual(teacher.architecture);
  tf.dispose([images, a, b]);
  loaded.dispose();
});

test("another file is refused as a teacher, and leaves no tensor", () => {
  const before = tf.memory().numTensors;
  const other = join(folder, "other.safetensors");
  writeSafetensors(other, new Map(), {});
  expect(() => Teacher.load(other)).toThrow(/must be a teacher's file \(blockwise-teacher-1\), got format none/);
  const text = join(folder, "text.safetensors");
  writeFileSync(text, "not a weight file at all");
  expect(() => Teacher.load(text)).toThrow(CheckpointError);
  const empty = join(folder, "empty.safetensors");
  const record = {
    architecture: tinyArchitecture,
    preprocessing: tinyData.preprocessing,
    classes: ["a"],
    dataset: "x",
  };
  writeSafetensors(empty, new Map(), {
    format: "blockwise-teacher-1",
    teacher: JSON.stringify({
      ...record,
      history: { epochs: [], accuracy: 0.5, validationImages: 0, imagesPerSecond: 1 },
    }),
  });
  expect(() => Teacher.load(empty)).toThrow(/which is missing/);
  expect(tf.memory().numTensors).toBe(before);
});

test("a network of another size or class count is refused", async () => {
  const wide = { ...tinyArchitecture, input: { height: 28, width: 28, channels: 1 } };
  await expect(trainTeacher(wide, tinyData, tinyOptions)).rejects.toThrow(ConfigError);
  await expect(trainTeacher({ ...tinyArchitecture, classes: 10 }, tinyData, tinyOptions)).rejects.toThrow(
    /give 4 classes .* got 8x8x1 and 10/,
  );
});

test("the seed decides the start", () => {
  const [a, b] = [1, 2].map((seed) => new Network(tinyArchitecture, new Rng(seed)));
  const name = "classifier.kernel";
  expect(a.parameters().get(name)!.dataSync()).not.toEqual(b.parameters().get(name)!.dataSync());
  a.dispose();
  b.dispose();
});
