import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { checkData } from "../../src/cli/doctor/checks";
import { DataError } from "../../src/core";
import { findCifar10, findFashionMnist, loadDataset } from "../../src/data";
import { idxBytes } from "./idx-file";
import { putClasses, temporaryPlaces } from "./picture-folders";

const { folder, cache } = temporaryPlaces();
afterEach(() => {
  delete process.env.BLOCKWISE_DATA;
  delete process.env.BLOCKWISE_OFFLINE;
});

/** A new folder of data sets that BLOCKWISE_DATA names. */
function dataFolder(name: string): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  process.env.BLOCKWISE_DATA = path;
  return path;
}

function putIdx(path: string): void {
  mkdirSync(path, { recursive: true });
  for (const part of ["train", "t10k"]) {
    writeFileSync(join(path, `${part}-images-idx3-ubyte`), idxBytes([20, 28, 28], new Uint8Array(20 * 784)));
    writeFileSync(
      join(path, `${part}-labels-idx1-ubyte`),
      idxBytes(
        [20],
        Uint8Array.from({ length: 20 }, (_, i) => i % 10),
      ),
    );
  }
}

function putBinaryCifar(path: string): void {
  mkdirSync(path, { recursive: true });
  const records = Buffer.concat(Array.from({ length: 10 }, (_, i) => Buffer.alloc(3073, i)));
  for (const name of [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`).concat("test_batch.bin")) {
    writeFileSync(join(path, name), records);
  }
}

const CIFAR = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

test("Fashion-MNIST is found in the folder of BLOCKWISE_DATA, by its own and by torchvision's name, gzipped or not", async () => {
  for (const inside of ["fashion-mnist", join("FashionMNIST", "raw")]) {
    const path = join(dataFolder(`fashion-${inside.length}`), inside);
    putIdx(path);
    expect(findFashionMnist()).toBe(path);
    expect((await loadDataset("fashion-mnist", { seed: 1, validationCount: 10 })).train.count).toBe(10);
  }
});

test("files of the same names that are not Fashion-MNIST (MNIST's) are not taken for it", () => {
  const path = dataFolder("mnist");
  putIdx(path);
  expect(findFashionMnist()).not.toBe(path);
});

test("CIFAR-10 is found as the binary version, itself or in a folder, and as pictures", async () => {
  for (const inside of [".", "cifar-10-batches-bin", "cifar-10", join("cifar-10", "cifar-10-batches-bin")]) {
    const path = join(dataFolder(`binary-${inside.length}`), inside);
    putBinaryCifar(path);
    expect(findCifar10()).toBe(path);
    expect((await loadDataset("cifar-10", { seed: 1, validationCount: 10 })).train.count).toBe(40);
  }
  const counts = Object.fromEntries(CIFAR.map((label) => [label, 2]));
  const path = await putClasses(join(dataFolder("pictures"), "cifar10"), { train: counts, test: counts }, 32);
  expect(findCifar10()).toBe(path);
  expect((await loadDataset("cifar-10", { seed: 1, validationCount: 10 })).classes).toEqual(CIFAR);
});

test("pictures that stand for CIFAR-10 must have its classes, its size, and all be readable", async () => {
  const counts = Object.fromEntries(CIFAR.map((label) => [label, 1]));
  const load = (root: string) => loadDataset("cifar-10", { root, seed: 1, validationCount: 1 });
  const small = await putClasses(join(folder, "small"), { train: counts, test: counts }, 16);
  await expect(load(small)).rejects.toThrow(
    /readable, 20 of 20 are not|none of .* can be read.*it is 16x16, not 32x32/,
  );
  const fewer = await putClasses(join(folder, "fewer"), { train: { ...counts, lynx: 1 }, test: counts }, 32);
  await expect(load(fewer)).rejects.toThrow(/must have the classes of the data set, airplane.*got also lynx/);
});

test("the cache is looked into last", async () => {
  putBinaryCifar(join(cache, "cifar-10-batches-bin"));
  expect(findCifar10()).toBe(join(cache, "cifar-10-batches-bin"));
  putBinaryCifar(join(dataFolder("first"), "cifar-10"));
  expect(findCifar10()).toBe(join(folder, "first", "cifar-10"));
});

test("where a set is absent and cannot be fetched, two sentences say so at once, and what to do", async () => {
  process.env.BLOCKWISE_OFFLINE = "1";
  process.env.BLOCKWISE_CACHE = join(folder, "empty");
  try {
    const failed = loadDataset("cifar-10", { seed: 1 });
    await expect(failed).rejects.toThrow(DataError);
    const { message } = (await failed.catch((error) => error)) as Error;
    expect(message).toMatch(
      /^cifar-10 is not on this machine, and .*\. Unset BLOCKWISE_OFFLINE, or unpack cifar-10-binary.tar.gz of https:\S+, and set BLOCKWISE_DATA to .*\.$/,
    );
    expect(message.split(/\. (?=[A-Z])/)).toHaveLength(2);
  } finally {
    process.env.BLOCKWISE_CACHE = cache;
  }
});

test("BLOCKWISE_DATA that names no folder is an error, for a data set and for the doctor", async () => {
  process.env.BLOCKWISE_DATA = join(folder, "nowhere");
  await expect(loadDataset("cifar-10", { seed: 1 })).rejects.toThrow(
    /BLOCKWISE_DATA: must name a folder .* does not exist; correct/,
  );
  expect(await checkData()).toMatchObject({ ok: false, mend: "unset BLOCKWISE_DATA" });
  putIdx(join(dataFolder("for-doctor"), "fashion-mnist"));
  expect(await checkData()).toMatchObject({
    ok: true,
    found: expect.stringContaining(join(folder, "for-doctor", "fashion-mnist")),
  });
});
