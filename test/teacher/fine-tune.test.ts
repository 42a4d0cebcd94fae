import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ConfigError, fingerprint, InterruptedError, Rng } from "../../src/core";
import { syntheticDataset } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { Network, saveState } from "../../src/nn";
import { fineTune, Teacher, trainTeacher } from "../../src/teacher";
import { bestEpoch, fineTuneClassifier } from "../../src/train";
import { tinyArchitecture, tinyData, tinyOptions } from "./tiny";

const folder = mkdtempSync(join(tmpdir(), "fine-tune-"));
/** Other images, of three classes. */
const data = syntheticDataset({ seed: 9, classes: 3, count: 96, validationCount: 32, noise: 15 });
const options = { seed: 2, batchSize: 16, learningRate: 0.05, epochs: 4 };
const SAME = /^(trunk|head)\./;
let teacher: Teacher;
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  const trained = await trainTeacher(tinyArchitecture, tinyData, { ...tinyOptions, epochs: 2 });
  // Its own way to see images is not the new data's.
  const { network, architecture, classes, dataset, history } = trained;
  const preprocessing = { mean: [0.4], std: [0.3] };
  teacher = new Teacher(network, { architecture, preprocessing, classes, dataset, history });
});
afterAll(() => {
  teacher.dispose();
  rmSync(folder, { recursive: true });
});

test("a teacher of other classes gets a classifier for the data's, is measured, and can be split, saved and read", async () => {
  const [before, tensors] = [teacher.fingerprint(), tf.memory().numTensors];
  const tuned = await fineTune(teacher, data, { ...options, epochs: 12 });
  expect(teacher.fingerprint()).toBe(before);
  expect([tuned.classes, tuned.architecture.classes, tuned.dataset]).toEqual([data.classes, 3, "synthetic"]);
  expect(tuned.preprocessing).toEqual(teacher.preprocessing);
  expect(tuned.accuracy).toBeGreaterThan(0.8);
  const { epochs, accuracy, validationImages } = tuned.history;
  expect([Math.max(...epochs.map(({ validationAccuracy }) => validationAccuracy!)), 32]).toEqual([
    accuracy,
    validationImages,
  ]);
  expect((await tuned.evaluate(data.validation)).accuracy).toBe(accuracy);
  expect(tuned.remarks.at(-1)).toMatch(
    /a new classifier, which learnt alone for 2 of \d+ epochs; .* epoch \d+ of \d+,/,
  );
  expect(tuned.split(2).length).toBe(2);
  tuned.save(join(folder, "tuned.safetensors"));
  const read = Teacher.load(join(folder, "tuned.safetensors"));
  expect([read.fingerprint(), read.remarks]).toEqual([tuned.fingerprint(), tuned.remarks]);
  for (const of of [tuned, read]) of.dispose();
  expect(tf.memory().numTensors).toBe(tensors);
});

test("the classifier learns alone first, at its own rate; then all weights learn, from a warm-up on", async () => {
  const architecture = { ...tinyArchitecture, classes: 3 };
  const [network, best] = [1, 1].map((seed) => new Network(architecture, new Rng(seed)));
  const start = saveState(network);
  const changed: string[][] = [];
  const onProgress = ({ done }: { done: number }) => {
    if (done % 4 !== 0) return;
    const now = saveState(network);
    changed.push(
      [...start]
        .filter(([name, { data }]) => fingerprint(data) !== fingerprint(now.get(name)!.data))
        .map(([name]) => name),
    );
  };
  const tuning = { network, best, headEpochs: 2, headLearningRate: 0.3, patience: 9 };
  const { epochs } = await fineTuneClassifier(tuning, data, { ...options, warmupEpochs: 0, epochs: 2 }, { onProgress });
  expect(changed.length).toBe(4);
  for (const names of changed.slice(0, 2)) expect(names).toEqual(["classifier.kernel", "classifier.bias"]);
  const own = [...start.keys()].filter((name) => SAME.test(name));
  expect(changed[2]).toEqual(expect.arrayContaining(own));
  // Each of the two falls along its own cosine.
  const rates = epochs.map(({ learningRate }) => learningRate);
  expect([rates[0] > rates[1], rates[2] > rates[3], rates[1] < 0.02, rates[2] < 0.05]).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(rates[0]).toBeGreaterThan(0.05);
  for (const of of [network, best]) of.dispose();
});

test("it ends when validation accuracy has not risen for as many epochs as it has patience", async () => {
  const told: [done: number, total: number][] = [];
  const onProgress = ({ done, total }: { done: number; total: number }) => told.push([done, total]);
  const tuned = await fineTune(teacher, data, { ...options, epochs: 40, patience: 2 }, { onProgress });
  const { epochs } = tuned.history;
  expect(epochs.length).toBeLessThan(42);
  expect(epochs.length - Math.max(2, bestEpoch(epochs) + 1)).toBe(2);
  // Batches of 16 of 64 images: all that was planned is told first, in the end that nothing is left.
  expect([told[0], told.at(-1)]).toEqual([
    [1, 42 * 4],
    [epochs.length * 4, epochs.length * 4],
  ]);
  tuned.dispose();
});

test("one that was stopped goes on from its checkpoint to the same weights, and keeps the best ones", async () => {
  const whole = await fineTune(teacher, data, { ...options, patience: 9 });
  const checkpoint = join(folder, "state.safetensors");
  const stop = new AbortController();
  const onProgress = ({ done }: { done: number }) => done === 14 && stop.abort();
  const tensors = tf.memory().numTensors;
  const all = { ...options, patience: 9, checkpoint };
  await expect(fineTune(teacher, data, all, { signal: stop.signal, onProgress })).rejects.toThrow(InterruptedError);
  expect(tf.memory().numTensors).toBe(tensors);
  const resumed = await fineTune(teacher, data, all);
  expect(resumed.fingerprint()).toBe(whole.fingerprint());
  const again = await fineTune(teacher, data, all);
  expect([again.fingerprint(), again.accuracy]).toEqual([whole.fingerprint(), whole.accuracy]);
  for (const of of [whole, resumed, again]) of.dispose();
  await expect(fineTune(teacher, data, { ...all, headEpochs: 1 })).rejects.toThrow(/must belong to this training/);
  await expect(fineTune(teacher, data, { ...all, patience: 8 })).rejects.toThrow(/must belong to this training/);
});

test.each([
  ["with SGD counts in what the classifier's features bear, however large they are", "sgd", 1],
  ["with Adam is taken as it is", "adam", 2e-3],
] as const)("the head's learning rate %s", async (_, optimizer, expected) => {
  const seen = await Promise.all(
    [1, 100].map(async (scale) => {
      const from = new Network(tinyArchitecture, new Rng(1));
      // The last norm before the pooling: features become so many times as large.
      for (const [name, variable] of from.parameters()) {
        if (/^head\.0\.norm\.(gamma|beta)$/.test(name))
          tf.tidy(() => variable.assign(tf.mul(tf.add(variable, 1), scale)));
      }
      const record = { architecture: tinyArchitecture, classes: tinyData.classes, dataset: "synthetic" };
      const history = { epochs: [], validationImages: 0, imagesPerSecond: 0 };
      const large = new Teacher(from, { ...record, preprocessing: data.preprocessing, history });
      const rates: number[] = [];
      const onProgress = ({ metrics }: { metrics: Readonly<Record<string, number>> }) =>
        rates.push(metrics.learningRate);
      const tuned = await fineTune(
        large,
        data,
        { ...options, optimizer, epochs: 1, learningRate: 1e-3 },
        { onProgress },
      );
      const { epochs } = tuned.history;
      for (const of of [large, tuned]) of.dispose();
      return { rate: rates[0], loss: epochs[1].loss };
    }),
  );
  if (optimizer === "adam") expect(seen.map(({ rate }) => rate)).toEqual([expected, expected]);
  else expect(seen[0].rate / seen[1].rate).toBeGreaterThan(100);
  // What learns is the same then: the logits are as they would be of smaller features.
  if (optimizer === "sgd") expect(seen[1].loss).toBeCloseTo(seen[0].loss, 1);
});

test("a classifier of the same classes is kept, and all weights learn at once", async () => {
  const tuned = await fineTune(teacher, tinyData, { ...options, epochs: 1, learningRate: 1e-9 });
  expect(tuned.history.epochs.length).toBe(1);
  expect(tuned.remarks.at(-1)).toContain("its classifier kept");
  const [before, after] = [teacher, tuned].map(({ network }) => saveState(network).get("classifier.kernel")!.data);
  expect(Math.max(...after.map((value, i) => Math.abs(value - before[i])))).toBeLessThan(1e-6);
  tuned.dispose();
});

test.each([
  [{ headEpochs: -1 }, /headEpochs must be/],
  [{ patience: 0 }, /patience must be/],
  [{ epochs: 0 }, /epochs must be/],
  [{ headLearningRate: 0 }, /headLearningRate must be/],
  [{ headEpoch: 1 }, /headEpoch.*headEpochs/],
  [{ validateEvery: 2 }, /validateEvery/],
])("%j is refused", async (wrong, message) => {
  const tensors = tf.memory().numTensors;
  await expect(fineTune(teacher, data, { ...options, ...(wrong as object) })).rejects.toThrow(message);
  await expect(fineTune(teacher, data, { ...options, ...(wrong as object) })).rejects.toThrow(ConfigError);
  expect(tf.memory().numTensors).toBe(tensors);
});

test("images of other channels are refused with the size to load them at", async () => {
  const coloured = syntheticDataset({ shape: { height: 8, width: 8, channels: 3 } });
  await expect(fineTune(teacher, coloured, options)).rejects.toThrow(/images of 1 channel, .* has 3; .*channels: 1/);
});
