import { beforeAll, expect, test } from "vitest";
import { engine, fused, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { describeNative } from "./native";

const options = { stride: 1, padding: "same", epsilon: 1e-3, activation: "silu", residual: false } as const;

function part(kernel: number[], channels: number) {
  const vector = () => tf.ones([channels]);
  return {
    kernel: tf.ones<tf.Rank.R4>(kernel as [number, number, number, number]),
    gamma: vector(),
    beta: vector(),
    mean: vector(),
    variance: vector(),
  };
}

const weights = () => ({
  expand: part([1, 1, 4, 8], 8),
  depthwise: part([3, 3, 8, 1], 8),
  project: part([1, 1, 8, 5], 5),
});

describeNative("misuse of the fused kernels is an error, never a crash", () => {
  beforeAll(() => {
    engine.use("native");
  });

  const works = () => {
    const y = tf.tidy(() => fused.mbconvInference(tf.ones([1, 4, 4, 4]), weights(), options));
    expect(y.shape).toEqual([1, 4, 4, 5]);
    y.dispose();
  };

  test.each([
    ["mbconvInference", (x: tf.Tensor4D) => fused.mbconvInference(x, weights(), options)],
    ["mbconvTraining", (x: tf.Tensor4D) => fused.mbconvTraining(x, weights(), options).y],
  ])("%s: a wrong shape, with both shapes", (_, run) => {
    tf.tidy(() => {
      expect(() => run(tf.ones([1, 4, 4, 3]))).toThrow(/1,1,4,8.*1,4,4,3/s);
      works();
    });
  });

  test("convolution and norm: a wrong shape, with both shapes", () => {
    tf.tidy(() => {
      const layer = part([3, 3, 4, 6], 6);
      const conv = { stride: 1, padding: "same", epsilon: 1e-3, activation: "none" } as const;
      expect(() => fused.convNormInference(tf.ones([1, 4, 4, 3]), layer, conv)).toThrow(/3,3,4,6.*1,4,4,3/s);
      const short = { ...layer, mean: tf.ones([5]) };
      expect(() => fused.convNormInference(tf.ones([1, 4, 4, 4]), short, conv)).toThrow(/\[6\].*\[5\]/s);
    });
  });

  test("the kernels themselves check what they are given", () => {
    tf.tidy(() => {
      const { kernel, gamma, beta, mean, variance } = part([1, 1, 4, 6], 6);
      const inputs = { x: tf.ones([1, 4, 4, 3]), kernel, gamma, beta, mean, variance };
      const attributes = { strides: 1, pad: "same", epsilon: 1e-3, activation: "none" };
      const run = (x: tf.Tensor) => () =>
        tf.engine().runKernel("ConvNormInference", { ...inputs, x }, attributes as unknown as tf.NamedAttrMap);
      expect(run(tf.ones([1, 4, 4, 3]))).toThrow(/\[1, 4, 4, 3\].*\[1, 1, 4, 6\]/s);
      expect(run(tf.ones([4]))).toThrow(/ConvNormInference/);
      expect(run(tf.zeros([0, 4, 4, 4]))).toThrow(/\[0, 4, 4, 4\]/);
    });
  });

  test("an update whose gradient has another shape changes nothing", () => {
    const w = tf.variable(tf.ones([2, 3]));
    const sgd = { learningRate: 1, momentum: 0, weightDecay: 0, nesterov: false };
    expect(() => fused.sgdUpdate(w, null, tf.ones([3, 2]), sgd)).toThrow(/\[2,3\].*\[3,2\]/);
    const { addon } = tf.backend() as NativeBackend;
    const native = addon as unknown as { fusedSgd(...values: unknown[]): void };
    const [a, b] = [
      addon.create(new Float32Array(6), [2, 3], "float32"),
      addon.create(new Float32Array(4), [4], "float32"),
    ];
    expect(() => native.fusedSgd([a], [b], [], [0], 1, 0, false)).toThrow(/\[2, 3\].*\[4\]/);
    expect(() => native.fusedSgd([a], [], [], [0, 0], 1, 0, false)).toThrow(/number/);
    expect(() => native.fusedSgd([a], [987654321], [], [0], 1, 0, false)).toThrow(/not held/);
    addon.release(a);
    addon.release(b);
    expect([...w.dataSync()]).toEqual([1, 1, 1, 1, 1, 1]);
    w.dispose();
  });

  test("a second use after dispose, and disposing twice", () => {
    const given = weights();
    const x = tf.ones([1, 4, 4, 4]) as tf.Tensor4D;
    const y = fused.mbconvInference(x, given, options);
    y.dispose();
    y.dispose();
    expect(() => y.dataSync()).toThrow(/disposed/);
    given.project.gamma.dispose();
    given.project.gamma.dispose();
    expect(() => fused.mbconvInference(x, given, options)).toThrow(/disposed/);
    x.dispose();
    expect(() => fused.mbconvInference(x, weights(), options)).toThrow(/disposed/);
    works();
  });

  test("more memory than there is", () => {
    expect(() => tf.zeros([1e6, 1e6])).toThrow();
    expect(() => tf.fill([1e6, 1e6], 1)).toThrow(/native Fill.*(memory|allocate)/s);
    expect(() => tf.matMul(tf.ones([1e6, 1]), tf.ones([1, 1e6]))).toThrow(/\[1000000, 1\].*\[1, 1000000\]/s);
    expect(() => tf.tile(tf.ones([1000, 1000]), [1000, 1000])).toThrow(/native Tile.*\[1000, 1000\]/s);
    works();
  });
});
