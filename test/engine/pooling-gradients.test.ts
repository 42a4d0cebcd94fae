import { beforeAll, describe, expect, it } from "vitest";
import { engine, tf } from "../../src/engine";
import { describeNative } from "./native";

for (const name of ["native", "cpu"] as const) {
  const here = name === "native" ? describeNative : describe;
  here(`the gradient of average pooling on ${name}`, () => {
    beforeAll(() => {
      engine.use(name);
    });

    it("at an edge divides by the values that the mean is of", () => {
      const pooled = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, [1, 3], 1, "same").sum();
      // Windows of two, three and two values.
      const slopes = tf
        .grad(pooled)(tf.tensor4d([1, 2, 3], [1, 1, 3, 1]))
        .dataSync();
      for (const [i, slope] of [1 / 2 + 1 / 3, 1 / 2 + 1 / 3 + 1 / 2, 1 / 3 + 1 / 2].entries()) {
        expect(slopes[i]).toBeCloseTo(slope, 6);
      }
    });

    it.each([
      [3, 1, 1],
      [3, 2, 1],
      [5, 2, 2],
      [2, 2, 0],
      [3, 2, "same"],
    ] as const)("with windows of %i, stride %i and padding %s is the derivative of its values", (size, stride, pad) => {
      // Linear: the derivative along a direction is the function of it.
      const pooled = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, size, stride, pad);
      const x = tf.randomNormal([2, 6, 5, 2], 0, 1, "float32", 1);
      const pull = tf.randomNormal(pooled(x).shape, 0, 1, "float32", 2);
      const along = tf.randomNormal(x.shape, 0, 1, "float32", 3);
      const slope = tf.grad((y: tf.Tensor) => pooled(y).mul(pull).sum())(x);
      expect(slope.mul(along).sum().dataSync()[0]).toBeCloseTo(pooled(along).mul(pull).sum().dataSync()[0], 4);
    });
  });
}
