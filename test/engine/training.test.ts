import { afterAll, beforeAll, expect, test } from "vitest";
import { distillBlock } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import { tinyFeatures, tinySpace } from "../distill/tiny";
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

  test("a network with branches, sums, padding and upsampling learns, all natively", async () => {
    const before = engine.info().fallbacks;
    const seeded = tf.initializers.glorotUniform({ seed: 3 });
    const conv = (filters: number) =>
      tf.layers.conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu6", kernelInitializer: seeded });
    const apply = (layer: tf.layers.Layer, ...xs: tf.SymbolicTensor[]) =>
      layer.apply(xs.length > 1 ? xs : xs[0]) as tf.SymbolicTensor;
    const input = tf.input({ shape: [10, 10, 1] });
    const stem = apply(conv(6), apply(tf.layers.zeroPadding2d({ padding: 1 }), input));
    const half = apply(tf.layers.maxPooling2d({ poolSize: 2 }), stem);
    const branch = apply(
      tf.layers.depthwiseConv2d({ kernelSize: 3, padding: "same", depthwiseInitializer: seeded }),
      half,
    );
    const sum = apply(tf.layers.add(), half, apply(tf.layers.batchNormalization(), branch));
    const up = apply(tf.layers.upSampling2d({ size: [2, 2] }), sum);
    const both = apply(tf.layers.concatenate(), stem, up);
    const mixed = apply(
      tf.layers.separableConv2d({
        filters: 8,
        kernelSize: 3,
        depthwiseInitializer: seeded,
        pointwiseInitializer: seeded,
      }),
      both,
    );
    const pooled = apply(tf.layers.globalMaxPooling2d({}), apply(tf.layers.averagePooling2d({ poolSize: 2 }), mixed));
    const kept = apply(tf.layers.dropout({ rate: 0.1, seed: 5 }), pooled);
    const y = apply(tf.layers.dense({ units: 2, activation: "softmax", kernelInitializer: seeded }), kept);
    const model = tf.model({ inputs: input, outputs: y });
    model.compile({ optimizer: tf.train.momentum(0.02, 0.9), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    const labels = tf.tensor1d(
      Array.from({ length: 32 }, (_, i) => i % 2),
      "int32",
    );
    const images = tf.randomNormal([32, 10, 10, 1], 0, 0.5, "float32", 1).add(labels.reshape([32, 1, 1, 1]));
    const { history } = await model.fit(images, tf.oneHot(labels, 2), { epochs: 10, batchSize: 8, verbose: 0 });
    const loss = history.loss as number[];
    expect(loss[loss.length - 1]).toBeLessThan(loss[0] * 0.8);
    expect(engine.info().fallbacks).toEqual(before);
  });

  test("a supernet learns, is rated and used, all natively", async () => {
    const before = engine.info().fallbacks;
    const space = tinySpace();
    const { supernet, history } = await distillBlock(space, 0, tinyFeatures(space, 32), {
      seed: 1,
      epochs: 4,
      batchSize: 8,
    });
    for (const cell of history) expect(cell[cell.length - 1].loss).toBeLessThan(cell[0].loss);
    const x = tf.randomNormal([2, 8, 8, 1], 0, 1, "float32", 1) as tf.Tensor4D;
    const path = new Array<number>(supernet.cells[0].depth).fill(1);
    const y = tf.tidy(() => supernet.cells[0].forward(x, { mode: "eval", path }).dataSync());
    expect(y.every(Number.isFinite)).toBe(true);
    supernet.dispose();
    expect(engine.info().fallbacks).toEqual(before);
  });
});
