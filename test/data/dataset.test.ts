import fc from "fast-check";
import { expect, test } from "vitest";
import { DataError, Rng } from "../../src/core";
import { loadDataset, prepareDataset, stratifiedParts, syntheticDataset, syntheticImages } from "../../src/data";

function histogram(labels: ArrayLike<number>, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (let i = 0; i < labels.length; i++) counts[labels[i]]++;
  return counts;
}

test("parts of a split do not overlap, have the asked sizes and the proportion of classes", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 200 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer(),
      (list, a, b, seed) => {
        const labels = Uint8Array.from(list);
        const first = Math.floor(a * labels.length);
        const second = Math.floor(b * (labels.length - first));
        const parts = stratifiedParts(labels, [first, second], new Rng(seed), "test");
        expect(parts.map((part) => part.length)).toEqual([first, second]);
        const all = parts.flatMap((part) => [...part]);
        expect(new Set(all).size).toBe(all.length);
        const whole = histogram(labels, 5);
        histogram(
          parts[0].map((i) => labels[i]),
          5,
        ).forEach((count, i) => {
          expect(Math.abs(count - (first * whole[i]) / labels.length)).toBeLessThan(1.001);
        });
      },
    ),
  );
});

test("a smaller training part lies inside a larger one, and validation is the same", () => {
  const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 10);
  const [heldA, small] = stratifiedParts(labels, [20, 30], new Rng(3), "test");
  const [heldB, large] = stratifiedParts(labels, [20, 60], new Rng(3), "test");
  expect(heldA).toEqual(heldB);
  expect([...small].every((i) => large.includes(i))).toBe(true);
});

test("with everyClass each class is in each part as far as it has images, the last part first, and the sizes stay", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 8 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.integer(),
      (sizes, a, b, seed) => {
        const labels = Uint8Array.from(sizes.flatMap((size, label) => new Array<number>(size).fill(label)));
        // Parts that have room for every class.
        const room = labels.length - 3 * sizes.length;
        fc.pre(room >= 0);
        const [first, second] = [Math.floor((a * room) / 2), Math.floor((b * room) / 2)].map((n) => n + sizes.length);
        const counts = [first, second, labels.length - first - second];
        const parts = stratifiedParts(labels, counts, new Rng(seed), "test", { everyClass: true });
        expect(parts.map(({ length }) => length)).toEqual(counts);
        expect(new Set(parts.flatMap((part) => [...part])).size).toBe(labels.length);
        const trained = new Set(Array.from(parts[2], (i) => labels[i]));
        const capacity = sizes.reduce((sum, size) => sum + Math.max(0, size - 2), 0);
        if (first <= capacity && second <= capacity - first) expect(trained.size).toBe(sizes.length);
      },
    ),
  );
});

test("a class of one image is trained on, one of two is validated too; what is missing is said", () => {
  const { train, validation, test, remarks } = prepareDataset(
    { ...syntheticImages({ count: 23 }), ...imbalanced([10, 10, 2, 1]) },
    { seed: 1 },
  );
  expect([train.count, validation.count]).toEqual([20, 3]);
  expect(histogram(train.labels, 4)[3]).toBe(1);
  expect(histogram(validation.labels, 4)).toEqual([1, 1, 1, 0]);
  expect(test.count).toBe(32);
  expect(remarks).toEqual(["validation has no image of class pattern 3 (too few images)."]);
});

test("without a test part one is drawn, and validation of the source's own is not drawn from training", () => {
  const { test: _, ...raw } = syntheticImages({ count: 100 });
  const divided = prepareDataset(raw, { seed: 1 });
  expect([divided.train.count, divided.validation.count, divided.test.count]).toEqual([70, 10, 20]);
  const asked = prepareDataset(raw, { seed: 1, testCount: 30, validationCount: 40 });
  expect([asked.train.count, asked.validation.count, asked.test.count]).toEqual([30, 40, 30]);
  expect(() => prepareDataset(raw, { seed: 1, testCount: 60, validationCount: 40 })).toThrow(
    /its 100 training images .* need 101: 60 to test on, 40 to validate on, 1 at least to train on/,
  );
  const own = prepareDataset({ ...raw, validation: syntheticImages({ seed: 2, count: 16 }).train }, { seed: 1 });
  expect([own.train.count, own.validation.count, own.test.count]).toEqual([80, 16, 20]);
});

/** A training split whose classes have so many images. */
function imbalanced(sizes: readonly number[]) {
  const labels = Uint8Array.from(sizes.flatMap((size, label) => new Array<number>(size).fill(label)));
  const images = Uint8Array.from({ length: labels.length * 64 }, (_, i) => (i * 31) % 251);
  return { train: { count: labels.length, images, labels } };
}

test("one seed gives one division, another seed another", () => {
  const raw = syntheticImages({ count: 80 });
  const divide = (seed: number) => prepareDataset(raw, { seed, validationCount: 20 });
  expect(divide(5).fingerprint).toBe(divide(5).fingerprint);
  expect(divide(5).fingerprint).not.toBe(divide(6).fingerprint);
  expect(divide(5).validation.images).toEqual(divide(5).validation.images);
  expect(histogram(divide(5).validation.labels, 4)).toEqual([5, 5, 5, 5]);
});

test("validation images come from the training file, none is also trained on", () => {
  const raw = syntheticImages({ count: 40 });
  const { train, validation } = prepareDataset(raw, { seed: 1, validationCount: 12 });
  const images = (split: { count: number; images: Uint8Array }) =>
    Array.from({ length: split.count }, (_, i) => split.images.subarray(i * 64, (i + 1) * 64).join());
  const file = images(raw.train);
  expect(train.count + validation.count).toBe(40);
  expect(new Set([...images(train), ...images(validation)])).toEqual(new Set(file));
});

test("preprocessing is measured on the training part only", () => {
  const raw = syntheticImages({ count: 40, shape: { height: 8, width: 8, channels: 3 } });
  const { train, preprocessing } = prepareDataset(raw, { seed: 1, validationCount: 12 });
  for (let c = 0; c < 3; c++) {
    const values = [...train.images].filter((_, i) => i % 3 === c).map((byte) => byte / 255);
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length;
    expect(preprocessing.mean[c]).toBeCloseTo(mean, 10);
    expect(preprocessing.std[c]).toBeCloseTo(Math.sqrt(variance), 10);
  }
});

test("asking for more images than there are is an error with both numbers", () => {
  expect(() => syntheticDataset({ count: 40, validationCount: 50 })).toThrow(DataError);
  expect(() =>
    prepareDataset(syntheticImages({ count: 40 }), { seed: 1, validationCount: 10, trainCount: 31 }),
  ).toThrow(
    /its 40 training images must be enough .* need 41: 10 to validate on, 31 to train on; .*validationCount, trainCount/,
  );
  const { test: _test, ...few } = syntheticImages({ count: 6, testCount: 2 });
  expect(() => prepareDataset(few, { seed: 1, testCount: 3, validationCount: 3 })).toThrow(
    /6 training images .* need 7: 3 to test on, 3 to validate on, 1 at least to train on; add images, or ask for fewer by testCount, validationCount, trainCount/,
  );
  expect(() => prepareDataset({ ...few, train: syntheticImages({ count: 1 }).train }, { seed: 1 })).toThrow(
    /its 1 training image must be enough/,
  );
  expect(() => prepareDataset(syntheticImages({ count: 6, testCount: 2 }), { seed: 1, testCount: 3 })).toThrow(
    /testCount must be at most its 2 test images, got 3/,
  );
});

test("a subset of training and test images can be asked for", async () => {
  const data = await loadDataset("synthetic", { seed: 2, validationCount: 40, trainCount: 100, testCount: 20 });
  expect([data.train.count, data.validation.count, data.test.count]).toEqual([100, 40, 20]);
});
