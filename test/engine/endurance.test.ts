import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { engine, fused, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { adam, ConvNorm, lossAndGradients, MBConv } from "../../src/nn";
import { describeNative } from "./native";

const settings = { padding: "same", batchNormEpsilon: 1e-3 } as const;

/** Collects garbage, so that what is measured after is what is held. */
function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}

describeNative("two thousand training steps", () => {
  beforeAll(() => {
    engine.use("native", { threads: 1 });
  });
  afterAll(() => tf.disposeVariables());

  test("do not grow tensors, native memory or the process", () => {
    const rng = new Rng(7);
    const stem = new ConvNorm(
      { kind: "conv", kernelSize: 3, stride: 2, outChannels: 8, activation: "silu" },
      1,
      settings,
      rng,
    );
    const layer = {
      kind: "mbconv",
      kernelSize: 3,
      stride: 1,
      expansion: 2,
      outChannels: 8,
      seRatio: 0.25,
      activation: "silu",
    } as const;
    const block = new MBConv(layer, 8, settings, rng);
    const kernel = tf.variable(tf.randomNormal([8, 4], 0, 0.3, "float32", 3)) as tf.Variable<tf.Rank.R2>;
    const parameters = new Map([
      ...stem.parameters(),
      ...block.parameters(),
      ["kernel", kernel as tf.Variable] as const,
    ]);
    const optimizer = adam({ weightDecay: 1e-4 });
    const images = tf.randomNormal([8, 8, 8, 1], 0, 1, "float32", 5) as tf.Tensor4D;
    const labels = tf.tensor1d([0, 1, 2, 3, 0, 1, 2, 3], "int32");

    const logits = (mode: "train" | "eval") => {
      const y = block.forward(stem.forward(images, { mode }), { mode });
      return tf.matMul(tf.mean(y, [1, 2]) as tf.Tensor2D, kernel);
    };
    let last = 0;
    const steps = (count: number) => {
      for (let i = 0; i < count; i++) {
        const { loss, gradients } = lossAndGradients(
          () => fused.softmaxCrossEntropy(logits("train") as tf.Tensor2D, labels, { smoothing: 0 }),
          parameters,
        );
        optimizer.step(gradients, parameters, 1e-3);
        last = loss.dataSync()[0];
        tf.dispose([loss, ...gradients.values()]);
        // A look at the network in between, as training has it.
        if (i % 50 === 0) tf.tidy(() => logits("eval").dataSync());
      }
    };
    const held = () => {
      collect();
      const { numTensors, numBytes, numDataBuffers } = tf.memory();
      const native = tf.backend() as NativeBackend;
      return {
        tensors: { numTensors, numBytes, numDataBuffers, handles: native.addon.count() },
        rss: process.memoryUsage().rss,
      };
    };

    // The first ones let V8 compile, and its heap grow to what garbage between two collections needs.
    steps(2500);
    const before = held();
    // What leaks grows in every window; what V8 compiles late, on a busy machine, does not.
    let rss = before.rss;
    const growths = Array.from({ length: 4 }, () => {
      steps(500);
      const after = held();
      expect(after.tensors).toEqual(before.tensors);
      const growth = after.rss / rss;
      rss = after.rss;
      return growth;
    });
    expect(Math.min(...growths)).toBeLessThan(1.01);
    expect(last).toBeLessThan(0.1);
    optimizer.dispose();
    stem.dispose();
    block.dispose();
    tf.dispose([kernel, images, labels]);
  });
});
