import { beforeAll, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { lossAndGradients, Network, saveState, sgd } from "../../src/nn";
import { architecturePreset } from "../../src/space";
import { describeNative } from "./native";

describeNative("memory and chance", () => {
  beforeAll(() => {
    engine.use("native", { threads: 1 });
  });

  test("tf.memory() tells the tensors, buffers and bytes that live natively", () => {
    const native = tf.backend() as NativeBackend;
    const before = { ...tf.memory(), handles: native.addon.count() };
    const nativeBytes = () => (tf.memory() as tf.MemoryInfo & { numBytesNative: number }).numBytesNative;
    const nativeBefore = nativeBytes();
    const x = tf.zeros([256, 1024]);
    const counts = x.cast("int32");
    const flags = tf.zeros([1000], "bool");
    const view = x.reshape([1024, 256]);
    const after = tf.memory();
    expect(after.unreliable).toBeFalsy();
    expect(after.numTensors - before.numTensors).toBe(4);
    expect(after.numDataBuffers - before.numDataBuffers).toBe(3);
    expect(after.numBytes - before.numBytes).toBe(3 * 256 * 1024 * 4 + 1000);
    // tfjs counts a view's bytes again, the backend what it holds.
    expect(nativeBytes() - nativeBefore).toBe(2 * 256 * 1024 * 4 + 1000);
    expect(native.addon.count() - before.handles).toBe(3);
    expect(native.numDataIds()).toBe(after.numDataBuffers);
    tf.dispose([x, counts, flags, view]);
    expect(tf.memory().numBytes).toBe(before.numBytes);
    expect(nativeBytes()).toBe(nativeBefore);
    expect(native.addon.count()).toBe(before.handles);
  });

  test("the same seed gives the same weights to the last bit, by the fused kernels and by ordinary ops", () => {
    const trained = (seed: number): string => {
      const network = new Network(architecturePreset("efficientnet-tiny@28px"), new Rng(seed));
      const optimizer = sgd({ momentum: 0.9 });
      const parameters = network.parameters();
      const x = tf.randomNormal([8, 28, 28, 1], 0, 1, "float32", seed) as tf.Tensor4D;
      const target = tf.randomUniform([8, 10], 0, 1, "float32", seed + 1);
      for (let step = 0; step < 4; step++) {
        const { loss, gradients } = lossAndGradients(
          () =>
            tf
              .softmax(network.logits(x, { mode: "train", rng: new Rng(seed).fork(`${step}`) }))
              .sub(target)
              .square()
              .mean() as tf.Scalar,
          parameters,
        );
        optimizer.step(gradients, parameters, 0.05);
        tf.dispose([loss, ...gradients.values()]);
      }
      const text = [...saveState(network).values()].map(({ data }) => Buffer.from(data.buffer).toString("hex")).join();
      optimizer.dispose();
      network.dispose();
      tf.dispose([x, target]);
      return text;
    };
    const first = trained(1);
    expect(trained(1)).toBe(first);
    expect(trained(2)).not.toBe(first);
  });
});
