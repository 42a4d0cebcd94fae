/** Gradients of dilated convolutions, on the native engine and on the cpu backend, against PyTorch in float64. */
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { describeNative, expectClose, type Result, randomTensor } from "./native";
import { describePyTorch, Reference } from "./reference";

const plain = (t: tf.Tensor): Result => ({ shape: t.shape, dtype: t.dtype, values: [...t.dataSync()] });
const sent = (t: tf.Tensor) => ({ shape: t.shape, data: t.dataSync() as Float32Array });

interface Setting {
  readonly dilation: [number, number];
  readonly padding: "same" | "valid";
  readonly depthwise: boolean;
  readonly kernel: [number, number];
  readonly size: [number, number];
}

const settings: fc.Arbitrary<Setting> = fc.record({
  dilation: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  padding: fc.constantFrom("same" as const, "valid" as const),
  depthwise: fc.boolean(),
  kernel: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 })),
  size: fc.tuple(fc.integer({ min: 7, max: 9 }), fc.integer({ min: 7, max: 9 })),
});

function convolve(x: tf.Tensor, kernel: tf.Tensor, { dilation, padding, depthwise }: Setting): tf.Tensor {
  const apply = depthwise ? tf.depthwiseConv2d : tf.conv2d;
  return apply(x as tf.Tensor4D, kernel as tf.Tensor4D, 1, padding, "NHWC", dilation);
}

/** The derivative of a sum of a function's output, weighted by `pull`. */
function gradients(f: (...xs: tf.Tensor[]) => tf.Tensor, xs: tf.Tensor[], pull?: tf.Tensor): tf.Tensor[] {
  return tf.grads((...ys: tf.Tensor[]) => {
    const y = f(...ys);
    return (pull ? y.mul(pull) : y).sum();
  })(xs);
}

for (const name of ["native", "cpu"] as const) {
  const here = name === "native" ? describeNative : describe;
  here(`gradients of dilated convolutions on ${name}`, () => {
    beforeAll(() => {
      engine.use(name);
    });

    it("of a depthwise convolution by hand", () => {
      const f = (x: tf.Tensor) => tf.depthwiseConv2d(x as tf.Tensor4D, tf.ones([3, 3, 1, 1]), 1, "same", "NHWC", 2);
      const [dx] = gradients(f, [tf.ones([1, 5, 5, 1])]);
      const outer = [4, 4, 6, 4, 4];
      expect(dx.squeeze().arraySync()).toEqual([outer, outer, [6, 6, 9, 6, 6], outer, outer]);
    });

    describePyTorch("are PyTorch's", () => {
      const reference = new Reference();
      afterAll(() => reference.close());

      it("for any dilation, padding, kernel and image, to input and filter", async () => {
        await fc.assert(
          fc.asyncProperty(settings, fc.nat(2 ** 20), async (setting, seed) => {
            const rng = new Rng(seed);
            const x = randomTensor(rng, [2, ...setting.size, 3]);
            const kernel = randomTensor(rng, [...setting.kernel, 3, 2]);
            const y = convolve(x, kernel, setting);
            const pull = randomTensor(rng, y.shape);
            const { dilation, padding, depthwise } = setting;
            const answer = await reference.ask({
              op: "dilated",
              options: { dilation, padding, depthwise },
              inputs: { x: sent(x), kernel: sent(kernel), pull: sent(pull) },
              gradients: ["x", "kernel"],
            });
            const wanted = [answer.outputs.y, answer.gradients.x, answer.gradients.kernel].map(({ shape, data }) => ({
              shape,
              dtype: "float32",
              values: [...data],
            }));
            const found = gradients((a, b) => convolve(a, b, setting), [x, kernel], pull);
            expectClose([y, ...found].map(plain), wanted, 1e-4);
          }),
          { numRuns: 25 },
        );
      });
    });

    // The same convolution with the zeros written out, which tfjs-core differentiates by itself.
    const spread = (filter: tf.Tensor) => {
      const [rows, columns, a, b] = filter.shape;
      const apart = tf.pad(tf.reshape(filter, [rows, 1, columns, a * b]), [
        [0, 0],
        [0, 1],
        [0, 0],
        [0, 0],
      ]);
      const tall = tf.reshape(apart, [2 * rows, columns, 1, a * b]).slice(0, 2 * rows - 1);
      const wide = tf.reshape(
        tf.pad(tall, [
          [0, 0],
          [0, 0],
          [0, 1],
          [0, 0],
        ]),
        [2 * rows - 1, 2 * columns, a, b],
      );
      return wide.slice([0, 0, 0, 0], [2 * rows - 1, 2 * columns - 1, a, b]) as tf.Tensor4D;
    };

    it("of separable and one-dimensional convolutions are those of the filter with its zeros written out", () => {
      const [x, depthwise, pointwise] = [
        [2, 7, 6, 2],
        [3, 2, 2, 2],
        [1, 1, 4, 3],
      ].map((shape, i) => randomTensor(i + 1, shape));
      const separable = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
        tf.separableConv2d(a as tf.Tensor4D, b as tf.Tensor4D, c as tf.Tensor4D, 1, "valid", [2, 2]);
      const written = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor) =>
        tf.separableConv2d(a as tf.Tensor4D, spread(b), c as tf.Tensor4D, 1, "valid");
      const inputs = [x, depthwise, pointwise];
      expectClose(gradients(separable as never, inputs).map(plain), gradients(written as never, inputs).map(plain));

      const line = randomTensor(5, [2, 9, 2]);
      const taps = randomTensor(6, [3, 2, 4]);
      const dilated = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv1d(a as tf.Tensor3D, b as tf.Tensor3D, 1, "same", "NWC", 2);
      const zeros = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv1d(a as tf.Tensor3D, spread(tf.reshape(b, [1, 3, 2, 4])).squeeze([0]) as tf.Tensor3D, 1, "same");
      expectClose(
        gradients(dilated as never, [line, taps]).map(plain),
        gradients(zeros as never, [line, taps]).map(plain),
      );
    });

    it("of a volume's convolution", () => {
      const [x, filter] = [
        [1, 5, 5, 5, 2],
        [2, 2, 2, 2, 1],
      ].map((shape, i) => randomTensor(i + 1, shape));
      const f = (a: tf.Tensor, b: tf.Tensor) =>
        tf.conv3d(a as tf.Tensor5D, b as tf.Tensor5D, 1, "valid", "NDHWC", [2, 2, 2]);
      const pull = randomTensor(9, f(x, filter).shape);
      const [dx, dw] = gradients(f as never, [x, filter], pull);
      // Linear in each: the derivative along a direction is the function of it.
      const [alongX, alongW] = [randomTensor(11, x.shape), randomTensor(12, filter.shape)];
      expect(dx.mul(alongX).sum().dataSync()[0]).toBeCloseTo(f(alongX, filter).mul(pull).sum().dataSync()[0], 3);
      expect(dw.mul(alongW).sum().dataSync()[0]).toBeCloseTo(f(x, alongW).mul(pull).sum().dataSync()[0], 3);
    });

    it("of a gradient: a dilated convolution's is differentiated again", () => {
      const [x, filter] = [
        [1, 6, 6, 1],
        [3, 3, 1, 1],
      ].map((shape, i) => randomTensor(i + 1, shape));
      const twice = (conv: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor) =>
        tf.grad((b: tf.Tensor) =>
          tf
            .grad((a: tf.Tensor) => conv(a, b).square().sum())(x)
            .square()
            .sum(),
        )(filter);
      const dilated = twice((a, b) => tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "same", "NHWC", 2));
      const written = twice((a, b) => tf.conv2d(a as tf.Tensor4D, spread(b), 1, "same"));
      expectClose([plain(dilated)], [plain(written)]);
    });

    it("reach the layers: a dilated conv2d and depthwiseConv2d learn", async () => {
      const model = tf.sequential();
      model.add(tf.layers.conv2d({ inputShape: [8, 8, 1], filters: 2, kernelSize: 3, dilationRate: 2 }));
      model.add(tf.layers.depthwiseConv2d({ kernelSize: 3, dilationRate: 2, padding: "same" }));
      model.add(tf.layers.flatten());
      model.add(tf.layers.dense({ units: 1 }));
      model.compile({ optimizer: tf.train.sgd(0.01), loss: "meanSquaredError" });
      const before = model.getWeights().map((w) => [...w.dataSync()]);
      await model.fit(randomTensor(1, [4, 8, 8, 1]), randomTensor(2, [4, 1]), { epochs: 1, verbose: 0 });
      const after = model.getWeights().map((w) => [...w.dataSync()]);
      expect(after[0]).not.toEqual(before[0]);
      expect(after[2]).not.toEqual(before[2]);
      model.dispose();
    });
  });
}
