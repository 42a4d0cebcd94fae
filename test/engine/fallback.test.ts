import { afterEach, expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { describeNative, expectLikeCpu, randomTensor } from "./native";

/** No native twin: it prepares pictures. */
const rotate = (x: tf.Tensor) => tf.image.rotateWithOffset(x as tf.Tensor4D, 0.4);

function calls(kernel: string): number {
  return engine.info().fallbacks[kernel] ?? 0;
}

describeNative("kernels without a native twin run on the cpu backend", () => {
  afterEach(() => {
    delete process.env.BLOCKWISE_NO_FALLBACK;
  });

  test("with the same result, and are counted", () => {
    const before = calls("RotateWithOffset");
    expectLikeCpu(() => [randomTensor(1, [2, 5, 4, 3])], rotate);
    expect(calls("RotateWithOffset")).toBe(before + 1);
    tf.setBackend("native");
    rotate(randomTensor(1, [2, 5, 4, 3]));
    expect(calls("RotateWithOffset")).toBe(before + 2);
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
    expect(() => rotate(randomTensor(1, [1, 3, 3, 1]))).toThrow(
      /RotateWithOffset is not native.*BLOCKWISE_NO_FALLBACK/,
    );
    expect(Array.from(tf.add(1, 2).dataSync())).toEqual([3]);
  });
});
