import { expect, test } from "vitest";
import { Rng } from "../../src/core";
import { batchValues, epochOrder, type Split, syntheticDataset, takeBatch } from "../../src/data";
import { tf } from "../../src/engine";

const shape = { height: 3, width: 3, channels: 1 };
const identity = { mean: [0], std: [1 / 255] };
const split: Split = {
  count: 2,
  images: Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 40, 50, 60, 70, 80, 90]),
  labels: Uint8Array.from([3, 1]),
};

test("a batch holds the normalised images and labels in the asked order", () => {
  const data = syntheticDataset({ shape: { height: 8, width: 8, channels: 3 } });
  const { images, labels } = takeBatch(data.train, [5, 2], data);
  expect(images.shape).toEqual([2, 8, 8, 3]);
  expect(labels.dtype).toBe("int32");
  expect([...labels.dataSync()]).toEqual([data.train.labels[5], data.train.labels[2]]);
  const { mean, std } = data.preprocessing;
  const expected = [5, 2].flatMap((i) =>
    [...data.train.images.subarray(i * 192, (i + 1) * 192)].map(
      (byte, at) => (byte / 255 - mean[at % 3]) / std[at % 3],
    ),
  );
  images.dataSync().forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 5);
  });
  tf.dispose([images, labels]);
});

test("a flip mirrors the rows of some images and leaves others", () => {
  const plain = [...split.images.subarray(0, 9)];
  const mirrored = [3, 2, 1, 6, 5, 4, 9, 8, 7];
  const seen = new Set<string>();
  const rng = new Rng(1);
  for (let i = 0; i < 20; i++) {
    const values = [...batchValues(split, [0], shape, identity, { flip: true, rng })].map(Math.round);
    expect([plain.join(), mirrored.join()]).toContain(values.join());
    seen.add(values.join());
  }
  expect(seen.size).toBe(2);
});

test("a shift moves the image by at most the limit and fills with black", () => {
  const rng = new Rng(2);
  const seen = new Set<string>();
  const moved = (down: number, right: number) =>
    Array.from({ length: 9 }, (_, i) => {
      const [y, x] = [Math.floor(i / 3) - down, (i % 3) - right];
      return y >= 0 && y < 3 && x >= 0 && x < 3 ? split.images[y * 3 + x] : 0;
    }).join();
  const possible = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => moved(down, right)));
  for (let i = 0; i < 100; i++) {
    const values = [...batchValues(split, [0], shape, identity, { shift: 1, rng })].map(Math.round).join();
    expect(possible).toContain(values);
    seen.add(values);
  }
  expect(seen.size).toBe(9);
});

test("equal streams give equal batches and orders", () => {
  const values = (seed: number) =>
    batchValues(split, [0, 1], shape, identity, { flip: true, shift: 1, rng: new Rng(seed) });
  expect(values(4)).toEqual(values(4));
  expect(epochOrder(50, new Rng(4))).toEqual(epochOrder(50, new Rng(4)));
  expect([...epochOrder(50, new Rng(4))].sort((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
});
