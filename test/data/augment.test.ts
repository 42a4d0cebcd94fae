import { beforeAll, expect, test } from "vitest";
import { ConfigError, Rng } from "../../src/core";
import { type Augmentation, batchValues, drawMixing, syntheticImages, takeBatch } from "../../src/data";
import { engine } from "../../src/engine";
import { resolveTrainingOptions } from "../../src/train";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const shape = { height: 12, width: 12, channels: 3 };
const { train: split } = syntheticImages({ count: 64, testCount: 8, shape, seed: 4 });
const seen = { shape, preprocessing: { mean: [0.4, 0.5, 0.6], std: [0.2, 0.25, 0.3] } };
const indices = Uint32Array.from({ length: 32 }, (_, i) => i);
const values = (augment: Augmentation, seed = 1) =>
  batchValues(split, indices, shape, seen.preprocessing, { ...augment, rng: new Rng(seed) });
const plain = batchValues(split, indices, shape, seen.preprocessing);

const ALL: Record<string, Augmentation> = {
  flip: { flip: true },
  shift: { shift: 2 },
  crop: { crop: {} },
  jitter: { jitter: { brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1 } },
  randAugment: { randAugment: {} },
  erase: { erase: { share: 1 } },
  mixup: { mixup: 1 },
};

test.each(Object.keys(ALL))("%s changes images, alike for one seed and otherwise for another", (name) => {
  expect(values(ALL[name])).not.toEqual(plain);
  expect(values(ALL[name])).toEqual(values(ALL[name]));
  expect(values(ALL[name], 2)).not.toEqual(values(ALL[name]));
});

test("a step that is added leaves the draws of the others: jitter of strength 0 and crops of the whole change nothing", () => {
  const moved = { flip: true, shift: 2 };
  expect(values({ ...moved, jitter: {} })).toEqual(values(moved));
  expect(values({ ...moved, crop: { scale: [1, 1], ratio: [1, 1] } })).toEqual(values(moved));
  expect(values({ ...moved, erase: { share: 0 } })).toEqual(values(moved));
});

test("erased rectangles are the mean colour, which is 0 once preprocessed, and nothing else changes", () => {
  const erased = values({ erase: { share: 1, scale: [0.2, 0.2] } });
  const changed = erased.filter((value, i) => value !== plain[i]);
  expect(changed.every((value) => value === 0)).toBe(true);
  expect(changed.length / plain.length).toBeGreaterThan(0.15);
  expect(changed.length / plain.length).toBeLessThan(0.25);
});

test("mixed images are their own share and their partner's rest, with both labels", () => {
  const rng = new Rng(3);
  const { images, mixing } = takeBatch(split, indices, seen, { mixup: 0.4, rng });
  const { share, partners } = mixing!;
  const size = 12 * 12 * 3;
  const got = images.dataSync();
  for (const at of [0, 17, size * 5 + 3]) {
    const other = partners[Math.floor(at / size)] * size + (at % size);
    expect(got[at]).toBeCloseTo(share * plain[at] + (1 - share) * plain[other], 5);
  }
  expect([...partners].sort((a, b) => a - b)).toEqual([...indices]);
});

test("shares of mixup are distributed as Beta(alpha, alpha): mean 1/2, variance 1 / (4 (2 alpha + 1)), never NaN", () => {
  for (const alpha of [0.001, 0.2, 1, 3]) {
    const shares = Array.from({ length: 4000 }, (_, i) => drawMixing(1, alpha, new Rng(i)).share);
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    expect(mean).toBeCloseTo(0.5, 1);
    expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.1);
  }
});

test("options that cannot be are refused with the nearest right one", () => {
  const resolve = (augment: object) => () => resolveTrainingOptions({ seed: 1, epochs: 1, augment });
  expect(resolve({ crop: { scales: [0.1, 1] } })).toThrow(/augment.crop.scales.*did you mean augment.crop.scale/);
  expect(resolve({ crop: { scale: [1, 0.1] } })).toThrow(/augment.crop.scale must be an interval/);
  expect(resolve({ crop: { scale: [Number.NaN, 1] } })).toThrow(ConfigError);
  expect(resolve({ jitter: { hue: 0.6 } })).toThrow(/augment.jitter.hue must be a number in \[0, 0.5\]/);
  expect(resolve({ randAugment: { magnitude: 31 } })).toThrow(/whole number from 0 to 30/);
  expect(resolve({ mixup: 0 })).toThrow(/augment.mixup must be a number above 0/);
  expect(() => resolveTrainingOptions({ seed: 1, epochs: 1, ema: 1 })).toThrow(/ema must be a number in \[0, 1\)/);
});
