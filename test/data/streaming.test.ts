import { readdirSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { DataError, InterruptedError, Rng } from "../../src/core";
import { checkDataset, type Dataset, imageAt, isStored, loadDataset, shareDataset } from "../../src/data";
import { checkRoom } from "../../src/data/picture-store";
import { engine } from "../../src/engine";
import { Network, saveState } from "../../src/nn";
import { splitArchitecture, Teacher, teacherFeatures } from "../../src/teacher";
import { evaluate, trainClassifier } from "../../src/train";
import { tinyArchitecture, tinyOptions } from "../teacher/tiny";
import { plain, put, putClasses, temporaryPlaces } from "./picture-folders";

const { folder, cache } = temporaryPlaces();
const classes = { a: 20, b: 12, c: 12, d: 12 };
let root: string;
let inMemory: Dataset;
let streaming: Dataset;
/** Less than the 64 pictures of 192 bytes need. */
const memory = 4000;
const load = (options = {}, context = {}) => loadDataset(root, { seed: 1, ...options }, context);
const stored = () => readdirSync(join(cache, "pictures")).filter((name) => name.endsWith(".stored"));

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  root = await putClasses(join(folder, "set"), { train: classes, test: { a: 2, b: 2, c: 2, d: 2 } });
  await put(join(root, "train", "b", "3.png"), "no picture");
  streaming = await load({ memory });
  inMemory = await load();
});

test("a set larger than the memory it may take stays in a file, and is named and described as in memory", () => {
  const parts = ["train", "validation", "test"] as const;
  expect(parts.map((part) => isStored(streaming[part]))).toEqual([true, true, true]);
  expect(parts.map((part) => isStored(inMemory[part]))).toEqual([false, false, false]);
  expect(streaming.fingerprint).toBe(inMemory.fingerprint);
  expect(streaming.preprocessing).toEqual(inMemory.preprocessing);
  expect(streaming.remarks).toEqual(inMemory.remarks);
  expect(streaming.remarks?.join()).toMatch(/1 of 64 pictures cannot be read.*train\/b\/3.png/);
  checkDataset(streaming);
  expect(() => streaming.train.images).toThrow(/more than the memory they may take.*imageAt\(split, index, size\)/);
  for (let i = 0; i < inMemory.train.count; i++) {
    expect(imageAt(streaming.train, i, 192)).toEqual(imageAt(inMemory.train, i, 192));
  }
});

test("trained, evaluated, and read for features, it gives the same bytes as in memory", async () => {
  const architecture = { ...tinyArchitecture, input: streaming.shape };
  const augment = { flip: true, shift: 1, crop: {} };
  const results = [];
  // A thread of its own gets a copy of the plain data.
  const copied = structuredClone({ ...shareDataset(streaming) });
  for (const data of [inMemory, streaming, copied]) {
    const network = new Network(architecture, new Rng(1));
    const history = await trainClassifier(network, data, { ...tinyOptions, augment, epochs: 2 });
    const { correct, loss } = await evaluate(network, data.test, data);
    const record = { preprocessing: data.preprocessing, classes: data.classes, dataset: data.name, architecture };
    const teacher = new Teacher(network, { ...record, history });
    const blocks = splitArchitecture(architecture, [1]);
    const store = await teacherFeatures(teacher, blocks, data.validation);
    const maps = [0, 1, 2].map((boundary) => [...store.batch(boundary, [0, 2]).dataSync()]);
    const weights = [...saveState(network)].map(([name, tensor]) => [name, [...tensor.data]]);
    results.push({ correct, loss, maps, weights, name: store.fingerprint });
    store.close();
    network.dispose();
  }
  expect(results[1]).toEqual(results[0]);
  expect(results[2]).toEqual(results[0]);
});

test("what was decoded is used again; a file that was changed in a byte, or cut, is decoded anew", async () => {
  const [name] = stored();
  const path = join(cache, "pictures", name);
  const tasks = async () => {
    const seen = new Set<string>();
    const data = await load({ memory }, { onProgress: ({ task }: { task: string }) => seen.add(task) });
    expect(data.fingerprint).toBe(inMemory.fingerprint);
    return [...seen].filter((task) => task.startsWith("decode"));
  };
  expect(await tasks()).toEqual([]);
  truncateSync(path, statSync(path).size - 1);
  expect(await tasks()).toEqual(["decode set"]);
  writeFileSync(path, Buffer.alloc(statSync(path).size));
  expect(await tasks()).toEqual(["decode set"]);
  expect(await tasks()).toEqual([]);
});

test("a decoding that is stopped leaves nothing behind, and `memory` must be a size", async () => {
  await put(join(root, "train", "a", "new.png"), plain(77).png());
  const before = readdirSync(join(cache, "pictures")).sort();
  const stop = new AbortController();
  let halves = 0;
  const context = {
    signal: stop.signal,
    onProgress: ({ task }: { task: string }) => {
      if (!task.startsWith("decode")) return;
      // Half a file lies beside its place, nowhere else.
      halves += readdirSync(join(cache, "pictures")).filter((name) => name.endsWith(".tmp")).length;
      stop.abort();
    },
  };
  await expect(load({ memory }, context)).rejects.toThrow(InterruptedError);
  expect(halves).toBeGreaterThan(0);
  expect(readdirSync(join(cache, "pictures")).sort()).toEqual(before);
  for (const wrong of [0, "much", Number.NaN, -5]) {
    await expect(load({ memory: wrong })).rejects.toThrow(/memory must be a number of bytes above 0, or text/);
  }
});

test("a cache that cannot be written is an error that says what to do, where pictures are more than memory", async () => {
  const own = process.env.BLOCKWISE_CACHE;
  process.env.BLOCKWISE_CACHE = join(root, "train", "b", "3.png", "cache");
  try {
    await expect(load({ memory })).rejects.toThrow(DataError);
    await expect(load({ memory })).rejects.toThrow(/set BLOCKWISE_CACHE to a folder on another disk/);
    expect((await load()).train.count).toBeGreaterThan(0);
  } finally {
    process.env.BLOCKWISE_CACHE = own;
  }
});

test("a disk without room for the decoded pictures is told before anything is decoded", () => {
  expect(() => checkRoom("set", folder, 1e18)).toThrow(
    /set: its decoded pictures are .*B, more than the memory they may take, and .* has room for/,
  );
  expect(() => checkRoom("set", folder, 1)).not.toThrow();
});
