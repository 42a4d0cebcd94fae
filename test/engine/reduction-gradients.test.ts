import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { engine, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { describeNative } from "./native";

for (const name of ["native", "cpu"] as const) {
  const here = name === "native" ? describeNative : describe;
  here(`the gradients of sum and mean on ${name}`, () => {
    beforeAll(() => {
      engine.use(name);
    });

    it("give each value what its result is asked for, for any shape and axes", () => {
      const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 });
      const cases = shapes.chain((shape) =>
        fc.record({
          shape: fc.constant(shape),
          axes: fc.option(fc.subarray(shape.map((_, axis) => axis)), { nil: undefined }),
          keep: fc.boolean(),
          kind: fc.constantFrom("sum", "mean"),
        }),
      );
      fc.assert(
        fc.property(cases, ({ shape, axes, keep, kind }) => {
          tf.tidy(() => {
            const x = tf.randomNormal(shape, 0, 1, "float32", 1);
            const reduced = (y: tf.Tensor) => (kind === "sum" ? y.sum(axes, keep) : y.mean(axes, keep));
            const pull = tf.randomNormal(reduced(x).shape, 0, 1, "float32", 2);
            const slope = tf.grad((y: tf.Tensor) => reduced(y).mul(pull).sum())(x);
            const over = axes ?? shape.map((_, axis) => axis);
            const values = kind === "sum" ? 1 : over.reduce((size, axis) => size * shape[axis], 1);
            const kept = shape.map((size, axis) => (over.includes(axis) ? 1 : size));
            const expected = tf.add(pull.reshape(kept).div(values), tf.zeros(shape)).dataSync();
            expect(slope.shape).toEqual(shape);
            for (const [i, value] of slope.dataSync().entries()) expect(value).toBeCloseTo(expected[i], 5);
          });
        }),
        { numRuns: 60, seed: 1 },
      );
    });

    it("have gradients of their own", () => {
      // The mean of x⁴ over four values: x³, then 3x².
      const slope = tf.grad((x: tf.Tensor) => x.square().square().mean());
      const curve = tf.grad((x: tf.Tensor) => slope(x).sum());
      const x = tf.tensor1d([1, 2, -3, 0.5]);
      for (const [i, value] of curve(x).dataSync().entries()) expect(value).toBeCloseTo(3 * x.dataSync()[i] ** 2, 4);
    });
  });
}

describeNative("the gradient of a global pooling", () => {
  it("copies no map to the engine", () => {
    engine.use("native");
    const { addon } = tf.backend() as NativeBackend;
    const map = tf.randomNormal([8, 16, 16, 32]) as tf.Tensor4D;
    const before = addon.copied().created;
    tf.grad((x: tf.Tensor) => x.mean([1, 2]).square().sum())(map).dispose();
    expect(addon.copied().created - before).toBeLessThan(1000);
    map.dispose();
  });
});
