import { beforeAll, expect, test } from "vitest";
import { ConfigError, Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { Network, saveState } from "../../src/nn";
import { retrain } from "../../src/retrain";
import { Teacher } from "../../src/teacher";
import { tinyArchitecture, tinyData, tinyOptions } from "../teacher/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const short = { ...tinyOptions, epochs: 1 };

test("retraining starts from fresh weights that the seed decides", async () => {
  const [a, b, c] = [
    await retrain(tinyArchitecture, tinyData, short),
    await retrain(tinyArchitecture, tinyData, short),
    await retrain(tinyArchitecture, tinyData, { ...short, seed: 6 }),
  ];
  expect([...saveState(b.network)]).toEqual([...saveState(a.network)]);
  expect([...saveState(c.network)]).not.toEqual([...saveState(a.network)]);
  expect(a.accuracy).toBe(a.history.epochs[0].validationAccuracy);
  expect(a.cost.macs).toBeGreaterThan(0);
  for (const one of [a, b, c]) one.dispose();
});

test("a teacher's answers change what is learnt, and are recorded", async () => {
  const network = new Network(tinyArchitecture, new Rng(2));
  const teacher = new Teacher(network, {
    architecture: tinyArchitecture,
    preprocessing: tinyData.preprocessing,
    classes: tinyData.classes,
    dataset: "synthetic",
    history: { epochs: [], accuracy: 0, validationImages: 0, imagesPerSecond: 0 },
  });
  const plain = await retrain(tinyArchitecture, tinyData, short);
  const before = tf.memory().numTensors;
  const distilled = await retrain(tinyArchitecture, tinyData, {
    ...short,
    distillation: { teacher, weight: 0.5, temperature: 4 },
  });
  expect([...saveState(distilled.network)]).not.toEqual([...saveState(plain.network)]);
  expect(distilled.training.distillation).toEqual({ teacher: teacher.fingerprint(), weight: 0.5, temperature: 4 });
  expect(plain.training.distillation).toBeUndefined();
  distilled.dispose();
  expect(tf.memory().numTensors).toBe(before);
  plain.dispose();
  teacher.dispose();
});

test("an architecture that does not fit the data set is refused", async () => {
  await expect(retrain({ ...tinyArchitecture, classes: 3 }, tinyData, short)).rejects.toThrow(ConfigError);
});
