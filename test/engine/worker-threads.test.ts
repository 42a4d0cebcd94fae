import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import { describeNative } from "./native";

/** What a worker does: takes the engine into use with its own threads, trains a little, tells what it has. */
const PROGRAM = `
  const { parentPort, workerData } = require("node:worker_threads");
  require("tsx/cjs");
  const { engine, tf } = require(workerData.engine);
  const { threads } = engine.use("native", { threads: workerData.threads });
  const w = tf.variable(tf.fill([3, 3, 2, 4], 0.1));
  const x = tf.randomNormal([4, 8, 8, 2], 0, 1, "float32", workerData.seed);
  const optimizer = tf.train.sgd(0.1);
  for (let step = 0; step < 20; step++) {
    optimizer.minimize(() => tf.conv2d(x, w, 1, "same").sub(1).square().mean());
  }
  parentPort.postMessage({
    threads,
    now: tf.backend().addon.threads(),
    tensors: tf.backend().addon.count(),
    weights: Array.from(w.dataSync()),
  });`;

interface Answer {
  threads: number;
  now: number;
  tensors: number;
  weights: number[];
}

function work(threads: number, seed: number): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const workerData = { engine: join(__dirname, "../../src/engine"), threads, seed };
    const worker = new Worker(PROGRAM, { eval: true, workerData });
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

describeNative("worker threads", () => {
  test("train side by side, each with its own tensors and its own number of threads", async () => {
    engine.use("native", { threads: 1 });
    const mine = tf.ones([3]);
    const [a, b, c] = await Promise.all([work(1, 7), work(2, 7), work(1, 8)]);
    expect([a.threads, b.threads, c.threads]).toEqual([1, 2, 1]);
    expect([a.now, b.now, c.now]).toEqual([1, 2, 1]);
    expect(a.weights.every(Number.isFinite)).toBe(true);
    expect(c.weights).not.toEqual(a.weights);
    for (const [i, value] of a.weights.entries()) expect(b.weights[i]).toBeCloseTo(value, 5);
    // Their handles are not ours.
    expect(a.tensors).toBe(c.tensors);
    expect(engine.info().threads).toBe(1);
    expect(Array.from(mine.dataSync())).toEqual([1, 1, 1]);
    mine.dispose();
  });

  test("a worker that ends early takes nothing with it", async () => {
    engine.use("native", { threads: 1 });
    const program = `
      require("tsx/cjs");
      const { engine, tf } = require(${JSON.stringify(join(__dirname, "../../src/engine"))});
      engine.use("native", { threads: 1 });
      const x = tf.ones([64, 64]);
      require("node:worker_threads").parentPort.postMessage("started");
      for (;;) tf.matMul(x, x).dispose();`;
    const worker = new Worker(program, { eval: true });
    await new Promise((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    await worker.terminate();
    const x = tf.ones([64, 64]) as tf.Tensor2D;
    expect(tf.matMul(x, x).dataSync()[0]).toBe(64);
    expect((await work(1, 7)).weights.every(Number.isFinite)).toBe(true);
    x.dispose();
  });
});
