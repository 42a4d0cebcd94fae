import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { fitsInMemory, type ProgressEvent, Rng } from "../../src/core";
import { prepareDataset, syntheticImages } from "../../src/data";
import {
  distillAhead,
  distillBlock,
  type FeatureSource,
  memoryCheckpoints,
  resolveDistillOptions,
} from "../../src/distill";
import { engine } from "../../src/engine";
import { Network, saveState } from "../../src/nn";
import { rateBlock, studentFeatures } from "../../src/rate";
import { blockSpace, mbconv, type SearchSpace } from "../../src/space";
import { type FeatureStore, featureBytes, Teacher, type TeacherBlock, teacherFeatures } from "../../src/teacher";
import { tinyArchitecture } from "../teacher/tiny";

const data = prepareDataset(syntheticImages({ seed: 4, count: 120 }), { seed: 4, validationCount: 40 });
const options = resolveDistillOptions({ epochs: 1, batchSize: 20, seed: 3 });
const native = engine.use("auto", { threads: 1 }).backend === "native";
let teacher: Teacher;
let blocks: TeacherBlock[];
let space: SearchSpace;

beforeAll(() => {
  teacher = new Teacher(new Network(tinyArchitecture, new Rng(2)), {
    architecture: tinyArchitecture,
    preprocessing: data.preprocessing,
    classes: data.classes,
    dataset: data.name,
    history: { epochs: [], accuracy: 0, validationImages: 0, imagesPerSecond: 0 },
  });
  blocks = teacher.split(2);
  const cells = blocks.map(({ output }) => [{ depth: 1, width: output.channels }]);
  space = blockSpace(blocks, { name: "memory", ops: mbconv([3, 5], [2]), cells, stem: [], head: [], classes: 4 });
});
afterEach(() => vi.unstubAllEnvs());

/** Bytes that could still be kept in memory. */
const left = () => fitsInMemory(Array.from({ length: 40 }, (_, i) => 2 ** (39 - i)));

/** Weights of all blocks distilled on worker threads, or in this one. */
async function distilled(features: FeatureSource, workers: number): Promise<number[][]> {
  const checkpoints = memoryCheckpoints();
  await distillAhead(space, [0, 1], features, options, { workers, checkpoints });
  const all: number[][] = [];
  for (const block of [0, 1]) {
    const { supernet } = await distillBlock(space, block, features, options, { workers: 0, checkpoints });
    all.push([...saveState(supernet.cells[0]).values()].flatMap(({ data }) => [...data]));
    supernet.dispose();
  }
  return all;
}

describe.runIf(native)("features that worker threads read", () => {
  test("are what the store keeps, not copied: only the images are, one byte a value, until the threads are done", async () => {
    const store = await teacherFeatures(teacher, blocks, data.train);
    expect(store.memoryBytes).toBe(featureBytes(blocks, data.train.count, "float16"));
    const before = left();
    const { features, release } = await store.share([0, 1, 2]);
    expect(before - left()).toBe(data.train.images.length);
    const again = await store.share([1, 2]);
    for (const boundary of [1, 2]) {
      expect(again.features.boundaries.get(boundary)?.bytes).toBe(features.boundaries.get(boundary)?.bytes);
    }
    release();
    again.release();
    expect(left()).toBe(before);
    await distilled(store, 2);
    expect(left()).toBe(before);
    store.close();
    expect(left() - before).toBe(store.sizeBytes);
  });

  test("give the same bytes from memory, from the disk, from files of a run and without threads", async () => {
    const folder = mkdtempSync(join(tmpdir(), "feature-memory-"));
    const results: number[][][] = [];
    const tasks: string[] = [];
    const onProgress = ({ task }: ProgressEvent) => tasks.push(task);
    const stores: FeatureStore[] = [];
    stores.push(await teacherFeatures(teacher, blocks, data.train, {}, { onProgress }));
    vi.stubEnv("BLOCKWISE_FEATURE_MEMORY", "0");
    stores.push(await teacherFeatures(teacher, blocks, data.train, {}, { onProgress }));
    stores.push(await teacherFeatures(teacher, blocks, data.train, { directory: folder }, { onProgress }));
    expect(stores.map(({ memoryBytes }) => memoryBytes)).toEqual([stores[0].sizeBytes, 0, 0]);
    // It is said beforehand what does not fit.
    expect([...new Set(tasks)].map((task) => /on the disk/.test(task))).toEqual([false, true]);
    results.push(await distilled(stores[0], 0));
    for (const store of stores) results.push(await distilled(store, 2));
    for (const result of results) expect(result).toEqual(results[0]);
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true });
  });

  test("of a student are shared too, and give the same bytes", async () => {
    const store = await teacherFeatures(teacher, blocks, data.train);
    const { supernet } = await distillBlock(space, 0, store, options, { workers: 0 });
    const ratings = await rateBlock(supernet, { calibration: store, rating: store }, { seed: 1 }, { workers: 0 });
    const fed = await studentFeatures(supernet, ratings, { calibration: store, rating: store }, { seed: 1 });
    const student = { ...options, guideInput: "student" as const };
    const weights = async (workers: number) => {
      const { supernet } = await distillBlock(space, 1, fed.calibration, student, { workers });
      const values = [...saveState(supernet.cells[0]).values()].flatMap(({ data }) => [...data]);
      supernet.dispose();
      return values;
    };
    const before = left();
    expect(await weights(2)).toEqual(await weights(0));
    expect(left()).toBe(before);
    // Held until here: what nobody holds any more is freed.
    expect(fed.rating.count).toBe(store.count);
    supernet.dispose();
    store.close();
  });
});
