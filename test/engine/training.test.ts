import { Worker } from "node:worker_threads";
import { afterAll, beforeAll, expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import { addonPath } from "../../src/engine/native/addon";
import { describeNative } from "./native";

describeNative("training by ordinary TensorFlow.js", () => {
  beforeAll(() => {
    process.env.BLOCKWISE_NO_FALLBACK = "1";
    engine.use("native");
  });
  afterAll(() => {
    delete process.env.BLOCKWISE_NO_FALLBACK;
  });

  test("a tf.layers network with every common layer learns, all natively", async () => {
    const before = engine.info().fallbacks;
    const kernelInitializer = tf.initializers.glorotUniform({ seed: 3 });
    const depthwiseInitializer = kernelInitializer;
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({
          inputShape: [12, 12, 1],
          filters: 8,
          kernelSize: 3,
          strides: 2,
          padding: "same",
          useBias: false,
          kernelInitializer,
        }),
        tf.layers.batchNormalization(),
        tf.layers.reLU(),
        tf.layers.depthwiseConv2d({ kernelSize: 3, padding: "same", depthwiseInitializer }),
        tf.layers.maxPooling2d({ poolSize: 2, strides: 1, padding: "same" }),
        tf.layers.averagePooling2d({ poolSize: 2 }),
        tf.layers.dropout({ rate: 0.1, seed: 5 }),
        tf.layers.separableConv2d({
          filters: 8,
          kernelSize: 3,
          activation: "elu",
          depthwiseInitializer,
          pointwiseInitializer: kernelInitializer,
        }),
        tf.layers.globalAveragePooling2d({}),
        tf.layers.dense({ units: 2, activation: "softmax", kernelInitializer }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.01), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    // Two classes that differ in brightness.
    const labels = tf.tensor1d(
      Array.from({ length: 64 }, (_, i) => i % 2),
      "float32",
    );
    const images = tf.randomNormal([64, 12, 12, 1], 0, 0.5, "float32", 1).add(labels.reshape([64, 1, 1, 1]));
    const { history } = await model.fit(images, labels, { epochs: 12, batchSize: 16, shuffle: false, verbose: 0 });
    const loss = history.loss as number[];
    expect(loss[loss.length - 1]).toBeLessThan(loss[0] * 0.8);
    expect(engine.info().fallbacks).toEqual(before);
  });

  test("workers have tensors and thread counts of their own", async () => {
    const program = `
      const { parentPort, workerData } = require("node:worker_threads");
      const addon = require(workerData.path);
      addon.setThreads(workerData.threads);
      const x = addon.create(new Float32Array(4096).fill(workerData.value), [64, 64], "float32");
      const y = addon.BatchMatMul(x, x, false, false);
      parentPort.postMessage({ first: addon.readSync(y)[0], count: addon.count(), threads: addon.threads() });`;
    const run = (value: number) =>
      new Promise((resolve, reject) => {
        const worker = new Worker(program, { eval: true, workerData: { path: addonPath(), value, threads: value } });
        worker.once("message", resolve);
        worker.once("error", reject);
      });
    engine.setThreads(1);
    expect(await Promise.all([run(1), run(2)])).toEqual([
      { first: 64, count: 2, threads: 1 },
      { first: 256, count: 2, threads: 2 },
    ]);
  });
});
