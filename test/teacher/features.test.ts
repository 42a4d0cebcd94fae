import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { CheckpointError, InterruptedError, type ProgressEvent, Rng } from "../../src/core";
import { prepareDataset, syntheticImages, takeBatch } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { Network } from "../../src/nn";
import { type FeatureStore, featureBytes, Teacher, type TeacherBlock, teacherFeatures } from "../../src/teacher";
import { tinyArchitecture } from "./tiny";

// 600 images are three chunks of the teacher's pass.
const data = prepareDataset(syntheticImages({ seed: 4, count: 640 }), { seed: 4, validationCount: 40 });
let folder: string;
let teacher: Teacher;
let blocks: TeacherBlock[];
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  teacher = new Teacher(new Network(tinyArchitecture, new Rng(2)), {
    architecture: tinyArchitecture,
    preprocessing: data.preprocessing,
    classes: data.classes,
    dataset: data.name,
    history: { epochs: [], accuracy: 0, validationImages: 0, imagesPerSecond: 0 },
  });
  blocks = teacher.split(3);
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blockwise-features-"));
  return () => rmSync(folder, { recursive: true });
});
afterAll(() => teacher.dispose());

const compute = (options: Parameters<typeof teacherFeatures>[3] = {}, context = {}) =>
  teacherFeatures(teacher, blocks, data.train, options, context);

function values(store: FeatureStore, boundary: number, positions: number[]): number[] {
  const batch = store.batch(boundary, positions);
  const list = [...batch.dataSync()];
  batch.dispose();
  return list;
}

function everything(store: FeatureStore): number[] {
  const all = Array.from({ length: store.count }, (_, i) => i);
  return store.shapes.flatMap((_, boundary) => values(store, boundary, all));
}

test("features at each boundary are the teacher's own, to half precision", async () => {
  const store = await compute();
  expect(store.count).toBe(600);
  expect(store.shapes).toEqual([blocks[0].input, ...blocks.map(({ output }) => output)]);
  const positions = [7, 599, 300];
  const { images, labels } = takeBatch(data.train, positions, data);
  const cuts = blocks.map(({ lastLayer }) => lastLayer);
  const own = [images, ...teacher.network.featuresAt(images, { mode: "eval" }, cuts)];
  own.forEach((map, boundary) => {
    const batch = store.batch(boundary, positions);
    expect(batch.shape).toEqual(map.shape);
    const exact = map.dataSync();
    batch.dataSync().forEach((value, i) => {
      expect(Math.abs(value - exact[i])).toBeLessThanOrEqual(Math.abs(exact[i]) * 2 ** -10 + 1e-6);
    });
    batch.dispose();
  });
  expect([...store.labels(positions)]).toEqual([...labels.dataSync()]);
  tf.dispose([...own, labels]);
});

test("a store over some images only keeps their order", async () => {
  const [all, some] = [await compute(), await compute({ indices: [50, 3] })];
  expect(some.count).toBe(2);
  for (const boundary of [0, 1, 2, 3]) {
    const [a, b] = [values(all, boundary, [50, 3]), values(some, boundary, [0, 1])];
    b.forEach((value, i) => {
      expect(value).toBeCloseTo(a[i], 2);
    });
  }
});

test("the size is said beforehand and is what is kept", async () => {
  const events: ProgressEvent[] = [];
  const store = await compute({ directory: folder }, { onProgress: (e: ProgressEvent) => events.push(e) });
  const size = featureBytes(blocks, 600, "float16");
  expect(store.sizeBytes).toBe(size);
  expect(events[0]).toMatchObject({
    done: 0,
    total: 600,
    task: expect.stringContaining(`${(size / 1000).toFixed(1)}kB`),
  });
  const bytes = readdirSync(folder)
    .filter((name) => name.endsWith(".bin"))
    .reduce((sum, name) => sum + readFileSync(join(folder, name)).length, 0);
  expect(bytes).toBe(size);
  store.close();
});

test.each(["float16", "float32"] as const)("file and memory give the same values (%s)", async (dtype) => {
  const memory = await compute({ dtype });
  const file = await compute({ dtype, directory: folder });
  expect(everything(file)).toEqual(everything(memory));
  file.close();
});

test("kept features are used again, another teacher's are not", async () => {
  (await compute({ directory: folder })).close();
  const events: ProgressEvent[] = [];
  (await compute({ directory: folder }, { onProgress: (e: ProgressEvent) => events.push(e) })).close();
  expect(events.map(({ done }) => done)).toEqual([600]);
  const before = readdirSync(folder).length;
  (await teacherFeatures(teacher, teacher.split(2), data.train, { directory: folder })).close();
  expect(readdirSync(folder).length).toBeGreaterThan(before);
});

test("a stopped pass goes on where it stopped, also when the last write is torn", async () => {
  const whole = await compute();
  const controller = new AbortController();
  const onProgress = ({ done }: ProgressEvent) => done === 500 && controller.abort();
  await expect(compute({ directory: folder }, { signal: controller.signal, onProgress })).rejects.toThrow(
    InterruptedError,
  );
  const journal = join(folder, readdirSync(folder).find((name) => name.endsWith(".jsonl"))!);
  truncateSync(journal, readFileSync(journal).length - 5);
  const events: ProgressEvent[] = [];
  const store = await compute({ directory: folder }, { onProgress: (e: ProgressEvent) => events.push(e) });
  expect(events[0].done).toBe(250);
  expect(everything(store)).toEqual(everything(whole));
  store.close();
});

test("damaged features are detected by their checksum", async () => {
  (await compute({ directory: folder })).close();
  const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".2.bin"))!);
  const bytes = readFileSync(path);
  bytes[bytes.length - 100] ^= 1;
  writeFileSync(path, bytes);
  await expect(compute({ directory: folder })).rejects.toThrow(CheckpointError);
  await expect(compute({ directory: folder })).rejects.toThrow(/images 500\.\.599.*damaged; delete .*jsonl/);
  truncateSync(path, 1000);
  await expect(compute({ directory: folder })).rejects.toThrow(CheckpointError);
});

test("no tensor is left", async () => {
  const before = tf.memory().numTensors;
  const store = await compute();
  values(store, 2, [1, 2]);
  expect(tf.memory().numTensors).toBe(before);
});
