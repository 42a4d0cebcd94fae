import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CheckpointError, ConfigError, Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { loadState, Network, saveState } from "../../src/nn";
import {
  type FoundRecord,
  type LoadedNetwork,
  loadFound,
  predict,
  predictAll,
  type Retrained,
  retrain,
  saveFound,
} from "../../src/retrain";
import { tinyArchitecture, tinyData, tinyOptions } from "../teacher/tiny";

const folder = mkdtempSync(join(tmpdir(), "blockwise-found-"));
const path = join(folder, "found.json");
const origin = {
  method: "exact front",
  space: "tiny",
  budget: { macs: 4e6 },
  candidates: [{ block: 0, cell: 0, path: [1, 0], score: 0.25 }],
  score: 0.25,
  seeds: { distill: 1 },
};
let student: Retrained;
let found: LoadedNetwork;
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  student = await retrain(tinyArchitecture, tinyData, { ...tinyOptions, epochs: 8 });
  saveFound(path, student, { origin, test: await student.evaluate(tinyData.test), versions: { engine: "test" } });
  found = loadFound(path);
});
afterAll(() => {
  student.dispose();
  found.dispose();
  rmSync(folder, { recursive: true });
});

/** Writes one test image as a PNG, enlarged `factor` times without smoothing. */
async function image(index: number, factor = 1): Promise<string> {
  const raw = Buffer.from(tinyData.test.images.subarray(index * 64, (index + 1) * 64));
  const file = join(folder, `image-${index}-${factor}.png`);
  const small = sharp(raw, { raw: { width: 8, height: 8, channels: 1 } });
  await small
    .resize(8 * factor, 8 * factor, { kernel: "nearest" })
    .png()
    .toFile(file);
  return file;
}

test("a found network is read back with the same weights and answers", async () => {
  expect([...saveState(found.network)]).toEqual([...saveState(student.network)]);
  expect((await found.evaluate(tinyData.test)).accuracy).toBe((await student.evaluate(tinyData.test)).accuracy);
});

test("the record says what it is, how good, on what, and how it was found", () => {
  const { record } = found;
  expect(record.architecture).toEqual(tinyArchitecture);
  expect(record.preprocessing).toEqual(tinyData.preprocessing);
  expect(record.measured).toEqual([
    { dataset: "synthetic", split: "validation", images: 32, accuracy: student.accuracy },
    { dataset: "synthetic", split: "test", images: 32, accuracy: expect.any(Number) },
  ]);
  expect(record.origin).toEqual(origin);
  expect(record.training).toMatchObject({ seed: 5, epochs: 8, learningRate: 0.1, data: tinyData.fingerprint });
  expect(record.versions).toMatchObject({ node: process.version, engine: "test" });
  expect(record.cost.macs).toBe(student.cost.macs);
  expect(record.cost.flopsCounter).toMatch(/papers' counter/);
});

test("damage to either file is an error that says which and what", () => {
  const copy = (change: (record: Record<string, unknown>) => void) => {
    const { sha256: _, ...record } = JSON.parse(readFileSync(path, "utf8"));
    change(record);
    const other = join(folder, "other.json");
    writeFileSync(other, JSON.stringify(record));
    return other;
  };
  const before = tf.memory().numTensors;
  const weights = join(folder, "damaged.safetensors");
  copyFileSync(join(folder, "found.safetensors"), weights);
  const bytes = readFileSync(weights);
  bytes[bytes.length - 1] ^= 1;
  writeFileSync(weights, bytes);
  const withWeights = (file: string) =>
    copy((record) => {
      record.weights = { ...(record.weights as object), file };
    });
  expect(() => loadFound(withWeights("damaged.safetensors"))).toThrow(
    /needs weights with SHA-256 .* damaged or of another/,
  );
  expect(() => loadFound(withWeights("../found.safetensors"))).toThrow(/must be a file name without a folder/);
  unlinkSync(weights);
  expect(() => loadFound(withWeights("damaged.safetensors"))).toThrow(/keep the two files together/);
  expect(() =>
    loadFound(
      copy((record) => {
        delete record.classes;
      }),
    ),
  ).toThrow(/must be a found network .*classes/s);
  expect(() =>
    loadFound(
      copy((record) => {
        record.classes = ["one"];
      }),
    ),
  ).toThrow(/must name the architecture's 4 classes, got 1/);
  expect(() =>
    loadFound(
      copy((record) => {
        record.preprocessing = { mean: [0, 0, 0], std: [1, 1, 1] };
      }),
    ),
  ).toThrow(/one mean and std for each of 1 channels, got 3/);
  const text = join(folder, "text.json");
  writeFileSync(text, "{ half");
  expect(() => loadFound(text)).toThrow(CheckpointError);
  expect(() => loadFound(join(folder, "absent.json"))).toThrow(/does not exist/);
  expect(tf.memory().numTensors).toBe(before);
});

test("any change of the record is noticed; one without a hash is known to be unverified", () => {
  expect(found.verified).toBe(true);
  const text = readFileSync(path, "utf8");
  const other = join(folder, "changed.json");
  const changes: [string, (record: FoundRecord) => unknown][] = [
    ["mean", ({ preprocessing }) => preprocessing.mean[0]++],
    ["std", ({ preprocessing }) => preprocessing.std[0]++],
    ["stride", ({ architecture }) => Object.assign(architecture.stem[0], { stride: 1 })],
    ["activation", ({ architecture }) => Object.assign(architecture.stem[0], { activation: "relu" })],
    ["padding", ({ architecture }) => Object.assign(architecture, { padding: "torch" })],
    ["class order", ({ classes }) => classes.reverse()],
    ["accuracy", ({ measured }) => Object.assign(measured[0], { accuracy: 1 })],
    ["training", ({ training }) => Object.assign(training, { epochs: 99 })],
  ];
  for (const [what, change] of changes) {
    const record = JSON.parse(text);
    change(record);
    writeFileSync(other, JSON.stringify(record));
    expect(() => loadFound(other), what).toThrow(/changed\.json must be a found network.* must have SHA-256/);
  }
  const { sha256: _, ...old } = JSON.parse(text);
  writeFileSync(other, JSON.stringify(old));
  const unverified = loadFound(other);
  expect(unverified.verified).toBe(false);
  unverified.dispose();
});

test.each([["null"], ["{}"], ["[]"], [""], ["\u0000\u0001"]])("a record that is %j is refused", (content) => {
  const other = join(folder, "none.json");
  writeFileSync(other, content);
  expect(() => loadFound(other)).toThrow(CheckpointError);
  expect(() => loadFound(other)).toThrow(/none\.json/);
});

test("folders in place of the files are refused", () => {
  expect(() => loadFound(folder)).toThrow(/must be a found network's JSON file, and is a folder/);
  mkdirSync(join(folder, "folder.safetensors"));
  const { sha256: _, ...record } = JSON.parse(readFileSync(path, "utf8"));
  const other = join(folder, "other.json");
  writeFileSync(other, JSON.stringify({ ...record, weights: { ...record.weights, file: "folder.safetensors" } }));
  expect(() => loadFound(other)).toThrow(/needs its weights, and .*folder\.safetensors is a folder/);
});

test("the JSON file's name must end with .json", () => {
  expect(() => saveFound(join(folder, "found"), student, { origin })).toThrow(ConfigError);
});

test("what cannot be recorded is refused: misspelt options would be left out of the file without a word", () => {
  const other = join(folder, "refused.json");
  const refused: [options: object, message: RegExp][] = [
    [{ origin, tests: {} }, /saveFound: option "tests" is not known; did you mean test\?/],
    [{ origin: { ...origin, seed: { distill: 1 } } }, /option "origin.seed" is not known; did you mean origin.seeds/],
    [
      { origin, test: { accuracy: 93, correct: 30, count: 32, loss: 1 } },
      /test.accuracy must be a number in \[0, 1\], got 93/,
    ],
    [{}, /saveFound: origin must say how the network was found/],
    [{ origin: { ...origin, score: Number.NaN } }, /saveFound: origin must say .*NaN/s],
  ];
  for (const [options, message] of refused) {
    expect(() => saveFound(other, student, options as never)).toThrow(ConfigError);
    expect(() => saveFound(other, student, options as never)).toThrow(message);
  }
  expect(existsSync(other)).toBe(false);
});

test("a network whose weights are damaged predicts nothing: NaN is no probability", async () => {
  const { record } = found;
  const network = new Network(record.architecture, new Rng(1));
  const tensors = saveState(network);
  const name = [...tensors.keys()].find((one) => /mean/i.test(one))!;
  const { shape, data } = tensors.get(name)!;
  // Numbers, but what is computed with them is none.
  tensors.set(name, { shape, data: new Float32Array(data.length).fill(-3e38) });
  loadState(network, tensors);
  const files = [await image(1), await image(2)];
  const memory = tf.memory().numTensors;
  for (const asked of [() => predict({ network, record }, files[0]), () => predictAll({ network, record }, files)]) {
    await expect(asked()).rejects.toThrow(CheckpointError);
    await expect(asked()).rejects.toThrow(
      /logits must be finite, got NaN or infinity: the network's weights are damaged/,
    );
  }
  expect(tf.memory().numTensors).toBe(memory);
  network.dispose();
});

test("weights that cannot be, a variance below 0, are refused with the files' and the tensor's name", () => {
  const state = saveState(student.network);
  const [name, variance] = [...student.network.buffers()].find(([one]) => one.endsWith("runningVariance"))!;
  tf.tidy(() => variance.assign(tf.neg(variance)));
  const other = join(folder, "negative.json");
  saveFound(other, student, { origin });
  loadState(student.network, state);
  expect(() => loadFound(other)).toThrow(CheckpointError);
  expect(() => loadFound(other)).toThrow(
    /negative\.json needs its weights .*negative\.safetensors, and .*must be a variance/,
  );
  expect(() => loadFound(other)).toThrow(`"${name}"`);
});

test("an image file gets the class the network gives the same pixels, likeliest first", async () => {
  const index = 5;
  const { top, resizing } = await predict(found, await image(index), { top: 4 });
  expect(resizing).toMatch(/^none/);
  expect(top.length).toBe(4);
  expect(top.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 5);
  for (let i = 1; i < 4; i++) expect(top[i].probability).toBeLessThanOrEqual(top[i - 1].probability);
  const one = {
    count: 1,
    images: tinyData.test.images.slice(index * 64, (index + 1) * 64),
    labels: Uint8Array.of(top[0].index),
  };
  expect((await student.evaluate(one)).accuracy).toBe(1);
  expect(top[0].name).toBe(tinyData.classes[top[0].index]);
});

test("most images are classified right from their files, also when enlarged", async () => {
  let right = 0;
  for (let i = 0; i < 16; i++) {
    const { top } = await predict(found, await image(i, 1 + (i % 2) * 4), { top: 1 });
    if (top[0].index === tinyData.test.labels[i]) right++;
  }
  expect(right).toBeGreaterThan(11);
});

test("predicting leaves no tensor, and refuses a top that is no count", async () => {
  const file = await image(0);
  const before = tf.memory().numTensors;
  await predict(found, file);
  expect(tf.memory().numTensors).toBe(before);
  await expect(predict(found, file, { top: 0 })).rejects.toThrow(/top must be a whole number from 1/);
});
