import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { DataError } from "../../src/core";
import { imageFolder, loadDataset, registerDataset } from "../../src/data";
import { temporaryPlaces } from "./picture-folders";

const { folder } = temporaryPlaces();

test("CIFAR-10's planes become pixels with three channels", async () => {
  const record = (label: number) => {
    const bytes = Buffer.alloc(3073, label);
    bytes.fill(10, 1, 1025).fill(20, 1025, 2049).fill(30, 2049);
    return bytes;
  };
  for (const name of ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]) {
    writeFileSync(join(folder, `${name}.bin`), Buffer.concat([record(3), record(9)]));
  }
  const data = await loadDataset("cifar-10", { root: folder, seed: 1, validationCount: 4 });
  expect([data.train.count, data.validation.count, data.test.count]).toEqual([6, 4, 2]);
  expect([...data.train.images.subarray(0, 6)]).toEqual([10, 20, 30, 10, 20, 30]);
  expect([...data.test.labels]).toEqual([3, 9]);
  writeFileSync(join(folder, "data_batch_5.bin"), record(3).subarray(0, 3000));
  const load = () => loadDataset("cifar-10", { root: folder, seed: 1, validationCount: 4 });
  await expect(load()).rejects.toThrow(/data_batch_5.bin must be whole records of 3073 bytes, got 3000/);
  writeFileSync(join(folder, "data_batch_5.bin"), record(11));
  await expect(load()).rejects.toThrow(/labels 0..9, got 11 in record 0/);
});

test("an image folder is read by class; unreadable files are listed", async () => {
  registerDataset("squares", imageFolder("squares", { height: 4, width: 4, channels: 1 }));
  expect(() => registerDataset("squares", imageFolder("squares", { height: 4, width: 4, channels: 1 }))).toThrow(
    DataError,
  );
  const root = join(folder, "squares");
  for (const part of ["train", "test"]) {
    for (const [label, value] of [
      ["black", 5],
      ["white", 250],
    ] as const) {
      mkdirSync(join(root, part, label), { recursive: true });
      for (let i = 0; i < 3; i++) {
        const raw = Buffer.alloc(16, value + i);
        const file = join(root, part, label, `${i}.png`);
        await sharp(raw, { raw: { width: 4, height: 4, channels: 1 } })
          .png()
          .toFile(file);
      }
    }
  }
  const load = () => loadDataset("squares", { root, seed: 1, validationCount: 2 });
  const data = await load();
  expect(data.classes).toEqual(["black", "white"]);
  expect([data.train.count, data.validation.count, data.test.count]).toEqual([4, 2, 6]);
  expect([...data.test.labels]).toEqual([0, 0, 0, 1, 1, 1]);
  expect([...data.test.images.filter((_, i) => i % 16 === 0)]).toEqual([5, 6, 7, 250, 251, 252]);
  writeFileSync(join(root, "train", "white", "1.png"), "no image");
  const left = await load();
  expect(left.train.count + left.validation.count).toBe(5);
  expect(left.remarks?.join()).toMatch(/1 of 12 pictures cannot be read and are left out: train\/white\/1.png/);
  const strict = loadDataset("squares", { root, seed: 1, validationCount: 2, strict: true });
  await expect(strict).rejects.toThrow(/1 of 12 are not: .*train\/white\/1.png .*; delete or replace/);
  await expect(loadDataset("squares", { seed: 1, validationCount: 2 })).rejects.toThrow(/named with `root`/);
});
