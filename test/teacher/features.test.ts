import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { acquireLock, CheckpointError, InterruptedError, type ProgressEvent, Rng } from "../../src/core";
import { prepareDataset, syntheticImages, takeBatch } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { Network } from "../../src/nn";
import { type FeatureStore, featureBytes, Teacher, type TeacherBlock, teacherFeatures } from "../../src/teacher";
import { canMount, smallDisk } from "../core/small-disk";
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

test("files that are there and cannot be read are not taken for absent", async () => {
  (await compute({ directory: folder })).close();
  const unreadable = (end: string) => {
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith(end))!);
    const bytes = readFileSync(path);
    rmSync(path);
    // Reading a folder fails for every user, as a bad disk does.
    mkdirSync(path);
    return () => {
      rmSync(path, { recursive: true });
      writeFileSync(path, bytes);
    };
  };
  for (const end of [".jsonl", ".1.bin"]) {
    const mend = unreadable(end);
    await expect(compute({ directory: folder }), end).rejects.toThrow(CheckpointError);
    mend();
  }
  const events: ProgressEvent[] = [];
  (await compute({ directory: folder }, { onProgress: (e: ProgressEvent) => events.push(e) })).close();
  expect(events.map(({ done }) => done)).toEqual([600]);
});

describe("damaged features are computed again, with a warning", () => {
  const named = (end: string) => join(folder, readdirSync(folder).find((name) => name.endsWith(end))!);
  const change = (path: string, by: (bytes: Buffer) => Buffer) => writeFileSync(path, by(readFileSync(path)));
  const flipped = (at: number) => (bytes: Buffer) => {
    bytes[at < 0 ? bytes.length + at : at] ^= 1;
    return bytes;
  };
  test.each<[string, () => void, number, RegExp]>([
    [
      "a bit at the end",
      () => change(named(".2.bin"), flipped(-100)),
      500,
      /2\.bin must have .* images 500\.\.599, got other/,
    ],
    ["a bit at the start", () => change(named(".1.bin"), flipped(0)), 0, /images 0\.\.249/],
    ["a boundary cut off", () => truncateSync(named(".2.bin"), 1000), 0, /got other or fewer bytes/],
    ["a boundary emptied", () => truncateSync(named(".3.bin"), 0), 0, /3\.bin/],
    ["a boundary deleted", () => rmSync(named(".3.bin")), 0, /3\.bin/],
    ["a checksum changed", () => change(named(".jsonl"), flipped(300)), 250, /images 250\.\.499/],
    [
      "no checksum any more",
      () => change(named(".jsonl"), (b) => Buffer.from(`null\n${b}`)),
      0,
      /line 1 of .*got "null"/,
    ],
    ["another file in place of the checksums", () => writeFileSync(named(".jsonl"), "\u0000\u0001\n"), 0, /line 1 of/],
  ])("%s", async (_, damage, from, message) => {
    const whole = await compute();
    (await compute({ directory: folder })).close();
    damage();
    const events: ProgressEvent[] = [];
    const warnings: string[] = [];
    const store = await compute(
      { directory: folder },
      { onProgress: (e: ProgressEvent) => events.push(e), onWarning: (text: string) => warnings.push(text) },
    );
    expect(events[0].done).toBe(from);
    expect(warnings).toEqual([expect.stringMatching(message)]);
    expect(everything(store)).toEqual(everything(whole));
    store.close();
    const again: string[] = [];
    (await compute({ directory: folder }, { onWarning: (text: string) => again.push(text) })).close();
    expect(again).toEqual([]);
  });
});

test("of two processes one computes shared features, the other waits and takes them", async () => {
  const script = join(__dirname, "compute-features.ts");
  const ended = ["a", "b"].map((name) => {
    const child = spawn(process.execPath, ["--import", "tsx", script, folder, name], { cwd: join(__dirname, "../..") });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
    return new Promise<{ code: number | null; output: string }>((resolve) =>
      child.on("close", (code) => resolve({ code, output })),
    );
  });
  const results = await Promise.all(ended);
  for (const { code, output } of results) expect(code, output).toBe(0);
  const [a, b] = results.map(({ output }) => JSON.parse(output.split("\n").find((line) => line.startsWith("{"))!));
  expect(a.digest).toBe(b.digest);
  expect([a.computed, b.computed].sort()).toEqual([0, 600]);
  const journal = readdirSync(folder).find((name) => name.endsWith(".jsonl"))!;
  expect(readFileSync(join(folder, journal), "utf8").split("\n")).toHaveLength(3 + 1);
  expect(readdirSync(folder).filter((name) => name.endsWith(".lock"))).toEqual([]);
});

test("two computations of one process do not disturb each other", async () => {
  const [a, b] = await Promise.all([0, 1].map(() => compute({ directory: folder }, { onWarning: () => {} })));
  expect(everything(a)).toEqual(everything(b));
  const journal = readdirSync(folder).find((name) => name.endsWith(".jsonl"))!;
  expect(readFileSync(join(folder, journal), "utf8").split("\n")).toHaveLength(3 + 1);
  a.close();
  b.close();
});

test("waiting for another's features can be stopped, and says who has them", async () => {
  (await compute({ directory: folder })).close();
  const journal = readdirSync(folder).find((name) => name.endsWith(".jsonl"))!;
  truncateSync(join(folder, journal), 0);
  const lock = acquireLock(join(folder, journal.replace(".jsonl", ".lock")));
  const controller = new AbortController();
  const warnings: string[] = [];
  const onWarning = (text: string) => {
    warnings.push(text);
    controller.abort();
  };
  await expect(compute({ directory: folder }, { signal: controller.signal, onWarning })).rejects.toThrow(
    InterruptedError,
  );
  expect(warnings).toEqual([expect.stringContaining(`process ${process.pid} on`)]);
  lock.release();
});

test.runIf(canMount)("a full disk leaves the chunks that are complete; with more space the pass goes on", async () => {
  const whole = await compute();
  const size = featureBytes(blocks, 600, "float16");
  const disk = smallDisk(4096 * Math.ceil((size * 0.6) / 4096))!;
  try {
    await expect(compute({ directory: disk.path })).rejects.toThrow(
      /the disk is full \(ENOSPC\); free space and run the same/,
    );
    disk.resize(4 * size + 65536);
    const events: ProgressEvent[] = [];
    const store = await compute({ directory: disk.path }, { onProgress: (e: ProgressEvent) => events.push(e) });
    expect(events[0].done).toBe(250);
    expect(everything(store)).toEqual(everything(whole));
    store.close();
  } finally {
    disk.unmount();
  }
});

test("no tensor is left", async () => {
  const before = tf.memory().numTensors;
  const store = await compute();
  values(store, 2, [1, 2]);
  expect(tf.memory().numTensors).toBe(before);
});
