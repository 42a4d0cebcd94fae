import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { InterruptedError, Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { Network, saveState } from "../../src/nn";
import { evaluate, type TrainingOptions, trainClassifier, weightsOfClasses } from "../../src/train";
import { tinyArchitecture, tinyData, tinyOptions } from "../teacher/tiny";

const folder = mkdtempSync(join(tmpdir(), "blockwise-recipes-"));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const paper: Partial<TrainingOptions> = {
  augment: {
    flip: true,
    crop: { scale: [0.5, 1] },
    jitter: { brightness: 0.2, contrast: 0.2 },
    randAugment: { ops: 1, magnitude: 5 },
    erase: {},
    mixup: 0.2,
  },
  labelSmoothing: 0.1,
  classWeights: "balanced",
  ema: 0.99,
};

async function trained(options: Partial<TrainingOptions>, signal?: AbortSignal, onEpoch?: () => void) {
  const network = new Network(tinyArchitecture, new Rng(9));
  try {
    const context = { signal, onProgress: ({ done }: { done: number }) => done === 9 && onEpoch?.() };
    const history = await trainClassifier(network, tinyData, { ...tinyOptions, ...options }, context);
    const { accuracy } = await evaluate(network, tinyData.validation, tinyData);
    const weights = [...saveState(network)].map(([name, { data }]) => [name, [...data]]);
    return { weights, accuracy, history: history.epochs.map(({ durationMs: _, ...rest }) => rest), measured: history };
  } finally {
    network.dispose();
  }
}

test("a training by a paper's recipe that was stopped goes on to the same bytes, and frees all that it made", async () => {
  await trained(paper);
  const before = tf.memory().numTensors;
  const whole = await trained(paper);
  expect(tf.memory().numTensors).toBe(before);
  const checkpoint = join(folder, "state.safetensors");
  const stop = new AbortController();
  const stopped = trained({ ...paper, checkpoint }, stop.signal, () => stop.abort());
  await expect(stopped).rejects.toThrow(InterruptedError);
  expect(existsSync(checkpoint)).toBe(true);
  const resumed = await trained({ ...paper, checkpoint });
  expect(resumed.weights).toEqual(whole.weights);
  expect(resumed.history).toEqual(whole.history);
  // What is complete is only loaded, and is the mean again.
  expect((await trained({ ...paper, checkpoint })).weights).toEqual(whole.weights);
});

test("the mean of the weights is what is measured and kept; the weights themselves move as without it", async () => {
  const [plain, mean] = [await trained({}), await trained({ ema: 0.9 })];
  expect(mean.weights).not.toEqual(plain.weights);
  expect(mean.accuracy).toBe(mean.measured.accuracy);
  const losses = ({ history }: typeof plain) => history.map(({ loss }) => loss);
  expect(losses(mean)).toEqual(losses(plain));
  // Of decay 0 it follows at once.
  expect((await trained({ ema: 0 })).weights).toEqual(plain.weights);
});

test("equal weights of classes give the loss without them, and a class of weight 0 is not learnt", async () => {
  const [plain, equal] = [await trained({}), await trained({ classWeights: [2, 2, 2, 2] })];
  equal.history.forEach(({ loss }, i) => {
    expect(loss).toBeCloseTo(plain.history[i].loss, 2);
  });
  const without = await trained({ classWeights: [0, 1, 1, 1], epochs: 8 });
  const share = tinyData.validation.labels.filter((label) => label === 0).length / tinyData.validation.count;
  expect(without.accuracy).toBeLessThanOrEqual(1 - share);
});

test("balanced weights make each class count alike; a list of another length is refused", () => {
  const labels = Uint8Array.of(0, 0, 0, 0, 0, 0, 1, 1);
  const names = ["many", "few", "none"];
  const weights = weightsOfClasses("balanced", { labels }, names, "train");
  expect([6 * weights[0], 2 * weights[1], weights[2]].map((sum) => sum.toFixed(4))).toEqual([
    "2.6667",
    "2.6667",
    "0.0000",
  ]);
  expect(() => weightsOfClasses([1, 2], { labels }, names, "train")).toThrow(/one number for each of 3 classes.*got 2/);
  expect(() => weightsOfClasses([0, 0, 0], { labels }, names, "train")).toThrow(/got only zeros/);
});
