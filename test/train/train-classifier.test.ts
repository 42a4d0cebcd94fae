import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { CheckpointError, InterruptedError, type ProgressEvent, Rng, TrainingError } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { loadState, Network, readSafetensors, saveState, writeSafetensors } from "../../src/nn";
import { evaluate, score, type TrainingHistory, type TrainingOptions, trainClassifier } from "../../src/train";
import { tinyArchitecture, tinyData, tinyOptions } from "../teacher/tiny";

const folder = mkdtempSync(join(tmpdir(), "blockwise-training-"));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const network = () => new Network(tinyArchitecture, new Rng(9));
const values = (net: Network) => [...saveState(net)].map(([name, { data }]) => [name, [...data]]);
const numbers = (history: TrainingHistory) => history.epochs.map(({ durationMs: _, ...rest }) => rest);

/** One bit flipped at a byte: counted from the end if negative, a share of the file if below one. */
function flipped(at: number): (bytes: Buffer) => Buffer {
  return (bytes) => {
    const place = at < 0 ? bytes.length + at : Math.floor(at > 0 && at < 1 ? at * bytes.length : at);
    bytes[place] ^= 4;
    return bytes;
  };
}

async function trained(options: Partial<TrainingOptions> = {}) {
  const net = network();
  const history = await trainClassifier(net, tinyData, { ...tinyOptions, ...options });
  const state = values(net);
  net.dispose();
  return { state, numbers: numbers(history), history };
}

test("a network learns, and reports loss, accuracy and time left", async () => {
  const net = network();
  const events: ProgressEvent[] = [];
  const history = await trainClassifier(
    net,
    tinyData,
    { ...tinyOptions, epochs: 10 },
    { onProgress: (e) => events.push(e) },
  );
  expect(history.epochs[9].loss).toBeLessThan(history.epochs[0].loss / 2);
  expect(history.accuracy).toBeGreaterThan(0.9);
  const test = await evaluate(net, tinyData.test, tinyData);
  expect(test.accuracy).toBeGreaterThan(0.9);
  expect(events.length).toBe(10 * 4);
  expect(events[20].metrics).toMatchObject({ epoch: 6, loss: expect.any(Number), accuracy: expect.any(Number) });
  expect(events[20].remainingMs).toBeGreaterThan(0);
  expect(events.at(-1)).toMatchObject({ done: 40, total: 40, unit: "batches" });
  net.dispose();
});

test("one seed gives one result, another seed another", async () => {
  const first = await trained();
  expect(await trained()).toMatchObject({ state: first.state, numbers: first.numbers });
  expect((await trained({ seed: 6 })).state).not.toEqual(first.state);
});

test.each(["sgd", "adam"] as const)("a stopped training resumes to the same numbers (%s)", async (optimizer) => {
  const options = { optimizer, learningRate: optimizer === "adam" ? 0.01 : 0.1 };
  const whole = await trained(options);
  const checkpoint = join(folder, `resume-${optimizer}.safetensors`);
  const controller = new AbortController();
  const net = network();
  const stopped = trainClassifier(
    net,
    tinyData,
    { ...tinyOptions, ...options, checkpoint },
    // Ten batches are two epochs and a half.
    { signal: controller.signal, onProgress: ({ done }) => done === 10 && controller.abort() },
  );
  await expect(stopped).rejects.toThrow(InterruptedError);
  net.dispose();
  expect(existsSync(checkpoint)).toBe(true);
  const events: ProgressEvent[] = [];
  const resumed = network();
  const history = await trainClassifier(
    resumed,
    tinyData,
    { ...tinyOptions, ...options, checkpoint },
    { onProgress: (e) => events.push(e) },
  );
  // It goes on within the third epoch.
  expect(events[0].done).toBe(11);
  expect(numbers(history)).toEqual(whole.numbers);
  expect(values(resumed)).toEqual(whole.state);
  // A finished training is not repeated.
  const again = await trainClassifier(resumed, tinyData, { ...tinyOptions, ...options, checkpoint });
  expect(again).toEqual(history);
  resumed.dispose();
});

test("a checkpoint of another training is refused", async () => {
  const checkpoint = join(folder, "other.safetensors");
  await trained({ epochs: 1, checkpoint });
  const net = network();
  const other = trainClassifier(net, tinyData, { ...tinyOptions, epochs: 2, checkpoint });
  await expect(other).rejects.toThrow(CheckpointError);
  await expect(other).rejects.toThrow(/must belong to this training .* delete the file or name another/);
  net.dispose();
});

test.each<[string, (bytes: Buffer) => Buffer]>([
  ["a bit of the header's length", flipped(0)],
  ["a bit in the header", flipped(90)],
  ["a bit in the middle", flipped(0.5)],
  ["a bit at the end", flipped(-1)],
  ["half a file", (bytes) => bytes.subarray(0, bytes.length / 2)],
  ["an empty file", () => Buffer.alloc(0)],
])(
  "a damaged checkpoint (%s) is put aside with a warning, and the training gives the same numbers",
  async (_, damage) => {
    const whole = await trained({ epochs: 2 });
    const checkpoint = join(folder, "damaged.safetensors");
    await trained({ epochs: 2, checkpoint });
    const bytes = damage(readFileSync(checkpoint));
    writeFileSync(checkpoint, bytes);
    const warnings: string[] = [];
    const net = network();
    const onWarning = (text: string) => warnings.push(text);
    const history = await trainClassifier(net, tinyData, { ...tinyOptions, epochs: 2, checkpoint }, { onWarning });
    expect(warnings).toEqual([expect.stringMatching(/damaged\.safetensors.*\.damaged, and the training begins anew/)]);
    expect(numbers(history)).toEqual(whole.numbers);
    expect(values(net)).toEqual(whole.state);
    expect(readFileSync(`${checkpoint}.damaged`).equals(bytes)).toBe(true);
    net.dispose();
  },
);

test("a checkpoint whose numbers are not finite is refused although its hash is right", async () => {
  const checkpoint = join(folder, "not-finite.safetensors");
  await trained({ epochs: 1, checkpoint });
  const { tensors, metadata } = readSafetensors(checkpoint);
  const [name, { shape }] = [...tensors].find(([name]) => name.startsWith("network."))!;
  const size = shape.reduce((product, n) => product * n, 1);
  tensors.set(name, { shape, data: new Float32Array(size).fill(Number.NaN) });
  writeSafetensors(checkpoint, tensors, metadata);
  await expect(trained({ epochs: 1, checkpoint })).rejects.toThrow(
    /must have finite values only, and has NaN at place 0/,
  );
});

test("a loss that is not finite stops the training, names the step and keeps the last good checkpoint", async () => {
  const checkpoint = join(folder, "nan.safetensors");
  const net = network();
  // The second epoch's images are poisoned: the first epoch's checkpoint must stay.
  let poisoned = false;
  const data = {
    ...tinyData,
    get preprocessing() {
      return poisoned ? { mean: [Number.NaN], std: [1] } : tinyData.preprocessing;
    },
  };
  let kept = Buffer.alloc(0);
  const failed = trainClassifier(
    net,
    data,
    { ...tinyOptions, checkpoint, task: "train tiny" },
    {
      onProgress: ({ done }) => {
        if (done === 6) {
          poisoned = true;
          kept = readFileSync(checkpoint);
        }
      },
    },
  );
  await expect(failed).rejects.toThrow(TrainingError);
  await expect(failed).rejects.toThrow(
    /train tiny: the loss must stay finite, got NaN in epoch 2, step 3 \(step 7 in all\).*the state after epoch 1 is kept in/,
  );
  expect(readFileSync(checkpoint)).toEqual(kept);
  for (const [name, variable] of net.parameters()) {
    expect(variable.dataSync().every(Number.isFinite), name).toBe(true);
  }
  net.dispose();
});

test("a diverging learning rate is reported as such", async () => {
  const net = network();
  const failed = trainClassifier(net, tinyData, { ...tinyOptions, learningRate: 1e38, warmupEpochs: 0 });
  await expect(failed).rejects.toThrow(/must stay finite.*Lower the learning rate/);
  net.dispose();
});

test("logits that are not finite are refused by an evaluation, wherever they stand: they would count as class 0", async () => {
  const { labels } = tinyData.test;
  for (const odd of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    for (const at of [0, 1, 2, 3]) {
      const logits = (x: tf.Tensor4D) =>
        tf.tensor2d(
          Array.from({ length: x.shape[0] }, (_, b) => [0, 1, 2, 3].map((c) => (b === 7 && c === at ? odd : c))),
        );
      const memory = tf.memory().numTensors;
      const failed = evaluate({ logits }, tinyData.test, tinyData, {}, "evaluate one");
      await expect(failed).rejects.toThrow(TrainingError);
      await expect(failed).rejects.toThrow(
        `evaluate one: logits must be finite, got NaN or infinity for images 0 to ${labels.length - 1}`,
      );
      expect(tf.memory().numTensors).toBe(memory);
    }
  }
});

test("a network that overflows on the validation images alone has diverged: its running statistics are used there only", async () => {
  const net = network();
  const tensors = saveState(net);
  const name = [...tensors.keys()].find((one) => /mean/i.test(one))!;
  const { shape, data } = tensors.get(name)!;
  tensors.set(name, { shape, data: new Float32Array(data.length).fill(-3e38) });
  loadState(net, tensors);
  const failed = trainClassifier(net, tinyData, { ...tinyOptions, epochs: 1 });
  await expect(failed).rejects.toThrow(TrainingError);
  await expect(failed).rejects.toThrow(/logits of validation images must stay finite, got NaN in epoch 1, step 4/);
  net.dispose();
});

test("soft targets are learnt beside the labels", async () => {
  const constant = tf.tensor2d([[5, 0, 0, 0]]);
  const net = network();
  await trainClassifier(net, tinyData, {
    ...tinyOptions,
    softTargets: {
      name: "always the first class",
      preprocessing: tinyData.preprocessing,
      logits: (images) => tf.tile(constant, [images.shape[0], 1]) as tf.Tensor2D,
      weight: 1,
      temperature: 1,
    },
  });
  const { accuracy } = await evaluate(net, tinyData.test, tinyData);
  // Taught the first class only, it is right on a quarter.
  expect(accuracy).toBeCloseTo(0.25, 1);
  net.dispose();
  constant.dispose();
});

test("options that cannot be are errors", async () => {
  const net = network();
  await expect(trainClassifier(net, tinyData, { ...tinyOptions, epochs: 0 })).rejects.toThrow(/epochs must be/);
  await expect(trainClassifier(net, tinyData, { ...tinyOptions, learningRate: -1 })).rejects.toThrow(
    /learningRate must be/,
  );
  net.dispose();
});

test("no tensor is left by training, stopping or evaluating", async () => {
  const net = network();
  const before = tf.memory().numTensors;
  await trainClassifier(net, tinyData, { ...tinyOptions, epochs: 1 });
  expect(tf.memory().numTensors).toBe(before);
  const controller = new AbortController();
  const context = { signal: controller.signal, onProgress: () => controller.abort() };
  await expect(trainClassifier(net, tinyData, tinyOptions, context)).rejects.toThrow(InterruptedError);
  await evaluate(net, tinyData.test, tinyData);
  expect(tf.memory().numTensors).toBe(before);
  net.dispose();
});

test("scores are top-1 hits and summed cross-entropy", () => {
  const { correct, lossSum } = score([2, 1, 0, 0, 3, 0], [0, 2]);
  expect(correct).toBe(1);
  const first = Math.log(Math.exp(2) + Math.exp(1) + 1) - 2;
  const second = Math.log(2 + Math.exp(3));
  expect(lossSum).toBeCloseTo(first + second, 12);
});

test("a training that stops after some epochs goes on by the same schedule to the bytes of one that never stopped", async () => {
  const checkpoint = join(folder, "stages.safetensors");
  const whole = await trained({ validateEvery: 2 });
  const options = { validateEvery: 2, checkpoint };
  const first = await trained({ ...options, stopAfter: 1 });
  expect(first.numbers).toHaveLength(1);
  expect(first.history.accuracy).toBe(first.numbers[0].validationAccuracy);
  const second = await trained({ ...options, stopAfter: 2 });
  expect(second.numbers[1]).toEqual(whole.numbers[1]);
  const last = await trained(options);
  expect(last.state).toEqual(whole.state);
  // Its accuracy after three epochs was never measured.
  await expect(trained({ ...options, stopAfter: 3 })).rejects.toThrow(/measured after epoch 3, and has none/);
  await expect(trained({ stopAfter: 5 })).rejects.toThrow(/stopAfter must be at most the 4 epochs, got 5/);
});
