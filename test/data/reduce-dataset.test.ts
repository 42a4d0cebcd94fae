import { expect, it } from "vitest";
import { classCounts, DataError, syntheticDataset, withResolution, withTrainImages } from "../../src";

const data = syntheticDataset({ count: 240, validationCount: 40, testCount: 20, classes: 4 });
const texts = (images: Uint8Array, size: number) =>
  Array.from({ length: images.length / size }, (_, i) => images.subarray(i * size, (i + 1) * size).join());

it("fewer training images have the classes in proportion, and lie within those of a larger number", () => {
  const [half, quarter] = [withTrainImages(data, 100, 3), withTrainImages(data, 48, 3)];
  expect(classCounts(quarter.train.labels, 4)).toEqual([12, 12, 12, 12]);
  const size = data.shape.height * data.shape.width;
  const within = new Set(texts(half.train.images, size));
  expect(texts(quarter.train.images, size).every((image) => within.has(image))).toBe(true);
  expect(half.validation).toBe(data.validation);
  expect(new Set([data.fingerprint, half.fingerprint, quarter.fingerprint]).size).toBe(3);
  expect(() => withTrainImages(data, 1000, 3)).toThrow(DataError);
});

it("a lower resolution averages pixels, of all parts, and keeps preprocessing and labels", async () => {
  const { height, width } = data.shape;
  const half = await withResolution(data, { height: height / 2, width: width / 2 });
  expect(half.shape).toEqual({ height: height / 2, width: width / 2, channels: 1 });
  expect(half.test.images).toHaveLength((20 * height * width) / 4);
  expect(half.preprocessing).toEqual(data.preprocessing);
  expect(half.train.labels).toEqual(data.train.labels);
  const mean = (values: Uint8Array) => values.reduce((sum, value) => sum + value, 0) / values.length;
  expect(mean(half.train.images)).toBeCloseTo(mean(data.train.images), -0.5);
  expect(await withResolution(data, { height, width })).toBe(data);
  await expect(withResolution(data, { height: 0, width: 4 })).rejects.toThrow(
    /whole numbers of pixels from 1, got 0 and 4/,
  );
});
