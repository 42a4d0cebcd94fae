import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { datasetNames, loadDataset } from "../../src/data";
import { idxBytes } from "./idx-file";
import { temporaryPlaces } from "./picture-folders";

const { folder } = temporaryPlaces();
afterEach(() => {
  delete process.env.BLOCKWISE_DATA;
  delete process.env.BLOCKWISE_OFFLINE;
});

const MNIST_LABELS = [7, 2, 1, 0, 4, 1, 4, 9, 5, 9, 0, 6, 9, 0, 1, 5, 9, 7, 3, 4];

function putIdx(path: string, labels: readonly number[] = Array.from({ length: 20 }, (_, i) => i % 10)): string {
  mkdirSync(path, { recursive: true });
  for (const part of ["train", "t10k"]) {
    writeFileSync(join(path, `${part}-images-idx3-ubyte`), idxBytes([20, 28, 28], new Uint8Array(20 * 784)));
    writeFileSync(join(path, `${part}-labels-idx1-ubyte`), idxBytes([20], Uint8Array.from(labels)));
  }
  return path;
}

test.each([
  ["mnist", "MNIST"],
  ["kmnist", "KMNIST"],
])("%s is found by its own and by torchvision's name, and by `root`", async (name, torchvision) => {
  expect(datasetNames()).toContain(name);
  for (const inside of [name, join(torchvision, "raw")]) {
    const places = join(folder, `${name}-${inside.length}`);
    putIdx(join(places, inside));
    process.env.BLOCKWISE_DATA = places;
    const data = await loadDataset(name, { seed: 1, validationCount: 10 });
    expect([data.name, data.classes.length, data.train.count, data.test.count]).toEqual([name, 10, 10, 20]);
  }
  const root = putIdx(join(folder, `given-${name}`));
  expect((await loadDataset(name, { root, seed: 1, validationCount: 10 })).shape.height).toBe(28);
});

test("MNIST's files alone in a folder are taken for MNIST, and refused as another set", async () => {
  const path = putIdx(join(folder, "four-files"), MNIST_LABELS);
  process.env.BLOCKWISE_DATA = path;
  expect((await loadDataset("mnist", { seed: 1, validationCount: 10 })).test.labels[0]).toBe(7);
  const asked = loadDataset("kmnist", { root: path, seed: 1, validationCount: 10 });
  await expect(asked).rejects.toThrow(/must hold the files of kmnist, and holds those of mnist.*load "mnist"/);
});

test.each(["mnist", "kmnist", "cifar-100"])(
  "%s, where it is nowhere and may not be fetched, says both ways out",
  async (name) => {
    process.env.BLOCKWISE_OFFLINE = "1";
    const failed = loadDataset(name, { seed: 1 });
    await expect(failed).rejects.toThrow(
      /is not on this machine, and BLOCKWISE_OFFLINE=1 forbids to download it\. Unset/,
    );
    await expect(failed).rejects.toThrow(/set BLOCKWISE_DATA to (a|the) folder .*`root`\)\.$/);
  },
);

test("CIFAR-100's fine labels are its classes: the second byte of a record", async () => {
  const root = join(folder, "cifar-100-binary");
  mkdirSync(root);
  const record = (fine: number) => {
    const bytes = Buffer.alloc(3074, 1);
    bytes[1] = fine;
    bytes.fill(10, 2, 1026).fill(20, 1026, 2050).fill(30, 2050);
    return bytes;
  };
  writeFileSync(join(root, "train.bin"), Buffer.concat([0, 0, 99, 99].map(record)));
  writeFileSync(join(root, "test.bin"), record(72));
  process.env.BLOCKWISE_DATA = folder;
  const data = await loadDataset("cifar-100", { seed: 1, validationCount: 2 });
  expect([data.classes.length, data.classes[0], data.classes[72], data.classes[99]]).toEqual([
    100,
    "apple",
    "seal",
    "worm",
  ]);
  expect([...data.train.labels, ...data.test.labels]).toEqual([0, 99, 72]);
  expect([...data.train.images.subarray(0, 3)]).toEqual([10, 20, 30]);
  writeFileSync(join(root, "test.bin"), record(100));
  await expect(loadDataset("cifar-100", { root, seed: 1 })).rejects.toThrow(/labels 0..99, got 100 in record 0/);
});
