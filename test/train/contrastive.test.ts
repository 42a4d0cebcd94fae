import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, InterruptedError, Rng } from "../../src/core";
import { loadDataset } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { CellNetwork } from "../../src/nn";
import { type CellArchitecture, DARTS_STYLE, parseCell } from "../../src/space";
import { type ContrastiveForm, contrastiveLoss, linearProbe, MemoryBank, trainContrastive } from "../../src/train";

beforeAll(() => engine.use("auto", { threads: 1 }));

interface Case {
  readonly form: ContrastiveForm;
  readonly temperature: number;
  readonly view: number[][];
  readonly own: number[][];
  readonly others: number[][];
  readonly loss: number;
  readonly gradient: number[][];
}
const { cases } = JSON.parse(readFileSync(join(__dirname, "../golden/contrastive.json"), "utf8")) as { cases: Case[] };

describe("the contrastive loss", () => {
  it.each(cases)("$form at temperature $temperature is PyTorch's, with its gradient", (one) => {
    const [view, own, others] = [one.view, one.own, one.others].map((rows) => tf.tensor2d(rows));
    const loss = (x: tf.Tensor) => contrastiveLoss({ view: x as tf.Tensor2D, own, others }, one.temperature, one.form);
    expect(loss(view).dataSync()[0]).toBeCloseTo(one.loss, 4);
    const gradient = tf.grad(loss)(view).dataSync();
    const most = Math.max(...one.gradient.flat().map(Math.abs));
    for (const [i, wanted] of one.gradient.flat().entries()) expect((gradient[i] - wanted) / most).toBeCloseTo(0, 4);
  });

  it("is log(1 + negatives) for what resembles nothing, at a high temperature", () => {
    const rng = new Rng(1);
    const rows = (count: number) =>
      tf.tensor2d(Array.from({ length: count }, () => Array.from({ length: 64 }, () => rng.normal())));
    const loss = contrastiveLoss({ view: rows(32), own: rows(32), others: rows(100) }, 10);
    expect(loss.dataSync()[0]).toBeCloseTo(Math.log(101), 1);
  });
});

describe("the memory", () => {
  it("keeps half of what it had, row by row", () => {
    const memory = new MemoryBank(3, 2, 0.5);
    memory.add([2, 0], [1, 2, 3, 4]);
    memory.add([2], [10, 20]);
    expect([...memory.take([0, 1, 2]).dataSync()]).toEqual([3, 4, 0, 0, 10.5, 21]);
  });

  it("gives different images from outside the batch, and says where there are too few", () => {
    const memory = new MemoryBank(10, 1, 0.5);
    const drawn = [...memory.others(7, [0, 4, 9], new Rng(3))].sort((a, b) => a - b);
    expect(drawn).toEqual([1, 2, 3, 5, 6, 7, 8]);
    expect(() => memory.others(8, [0, 4, 9], new Rng(3))).toThrow(/at most the 7 images outside a batch, got 8/);
  });
});

const network: CellArchitecture = {
  kind: "cells",
  name: "tiny",
  input: { height: 28, width: 28, channels: 1 },
  stem: { kernelSize: 3, stride: 2, channels: 4, padding: "symmetric" },
  cells: { cell: parseCell("sep3(0)+skip(1)") },
  stack: [{ kind: "cell", cell: "cell", width: 4, stride: 2 }],
  head: { kind: "classifier", before: "activation" },
  classes: 8,
  style: DARTS_STYLE,
  batchNormEpsilon: 1e-5,
};

describe("training without labels", () => {
  const load = () => loadDataset("synthetic", { seed: 1, trainCount: 160, validationCount: 20, testCount: 40 });
  const options = { seed: 1, epochs: 3, features: 8, batchSize: 32, negatives: 40 };

  it("lowers the loss from chance, gives the same by the same seed, and never reads a label", async () => {
    const data = await load();
    const once = async (of: typeof data) => {
      const net = new CellNetwork(network, new Rng(1));
      const history = await trainContrastive(net, of, options);
      net.dispose();
      return history.map(({ loss }) => loss);
    };
    const losses = await once(data);
    expect(losses).toHaveLength(3);
    expect(losses[2]).toBeLessThan(losses[0]);
    expect(await once(data)).toEqual(losses);
    const unlabelled = { ...data, train: { ...data.train, labels: new Uint8Array(data.train.count) } };
    expect(await once(unlabelled)).toEqual(losses);
  });

  it("leaves no tensors behind, stops when told, and refuses what it does not know", async () => {
    const data = await load();
    const net = new CellNetwork(network, new Rng(1));
    const before = tf.memory().numTensors;
    await trainContrastive(net, data, { ...options, epochs: 1, form: "pirl", freshNegatives: false });
    expect(tf.memory().numTensors).toBe(before);
    const stop = new AbortController();
    stop.abort();
    await expect(trainContrastive(net, data, options, { signal: stop.signal })).rejects.toThrow(InterruptedError);
    await expect(trainContrastive(net, data, { ...options, negative: 3 } as never)).rejects.toThrow(
      /did you mean negatives/,
    );
    await expect(trainContrastive(net, data, { ...options, negatives: 1000 })).rejects.toThrow(ConfigError);
    net.dispose();
  });

  it("leaves features of which a linear classifier makes more than chance", async () => {
    const data = await load();
    const net = new CellNetwork(network, new Rng(1));
    await trainContrastive(net, data, options);
    const accuracy = await linearProbe(net, data, { seed: 1, steps: 60 });
    expect(accuracy).toBeGreaterThan(1.5 / data.classes.length);
    net.dispose();
  });
});
