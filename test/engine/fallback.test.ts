import { afterEach, expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { describeNative, expectLikeCpu, randomTensor } from "./native";

const boxes = () =>
  tf.tensor2d([
    [0, 0, 1, 1],
    [0, 0.1, 1, 1],
    [0, 2, 1, 3],
  ]);

function calls(kernel: string): number {
  return engine.info().fallbacks[kernel] ?? 0;
}

describeNative("kernels without a native twin run on the cpu backend", () => {
  afterEach(() => {
    delete process.env.BLOCKWISE_NO_FALLBACK;
  });

  test("with the same result, and are counted", () => {
    const before = calls("NonMaxSuppressionV3");
    const compute = (b: tf.Tensor, s: tf.Tensor) => tf.image.nonMaxSuppression(b as tf.Tensor2D, s as tf.Tensor1D, 3);
    expectLikeCpu(() => [boxes(), tf.tensor1d([0.9, 0.8, 0.7])], compute);
    expect(calls("NonMaxSuppressionV3")).toBe(before + 1);
  });

  test("complex and string tensors go through too", () => {
    expectLikeCpu(
      () => [randomTensor(1, [4]), randomTensor(2, [4])],
      (re, im) => {
        const z = tf.complex(re, im);
        return [tf.real(tf.mul(z, z)), tf.imag(tf.fft(z)), tf.abs(z)];
      },
    );
    engine.use("native");
    expect(tf.concat([tf.tensor1d(["a"]), tf.tensor1d(["b"])]).dataSync()).toEqual(["a", "b"]);
  });

  test("without a leak", () => {
    engine.use("native");
    const native = tf.backend() as NativeBackend;
    const run = () => tf.tidy(() => tf.fft(tf.complex(tf.ones([4]), tf.zeros([4]))).dataSync());
    run();
    const before = [tf.memory().numTensors, native.numDataIds(), native.addon.count()];
    for (let i = 0; i < 5; i++) run();
    expect([tf.memory().numTensors, native.numDataIds(), native.addon.count()]).toEqual(before);
  });

  test("unless that is forbidden", () => {
    engine.use("native");
    process.env.BLOCKWISE_NO_FALLBACK = "1";
    expect(() => tf.image.nonMaxSuppression(boxes(), tf.tensor1d([1, 1, 1]), 3)).toThrow(
      /NonMaxSuppressionV3 is not native.*BLOCKWISE_NO_FALLBACK/,
    );
    expect(Array.from(tf.add(1, 2).dataSync())).toEqual([3]);
  });
});
