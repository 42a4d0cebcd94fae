import fc from "fast-check";
import { test } from "vitest";
import { tf } from "../../src/engine";
import { describeNative, expectLikeCpu, randomTensor } from "./native";

type Size4 = [number, number, number, number];
type Pad = "same" | "valid" | number;

const geometry = fc.record({
  batch: fc.integer({ min: 1, max: 3 }),
  height: fc.integer({ min: 7, max: 11 }),
  width: fc.integer({ min: 7, max: 11 }),
  channels: fc.integer({ min: 1, max: 9 }),
  out: fc.integer({ min: 1, max: 9 }),
  kernel: fc.constantFrom(1, 2, 3, 5, 7),
  stride: fc.constantFrom(1, 2, 3),
  pad: fc.constantFrom<Pad>("same", "valid", 0),
});
/** Stored seed: every run tries the same shapes. */
const RUNS = { numRuns: 25, seed: 20261124 };

describeNative("windows over images of any shape", () => {
  test("conv2d and its gradients", () => {
    fc.assert(
      fc.property(geometry, ({ batch, height, width, channels, out, kernel, stride, pad }) =>
        expectLikeCpu(
          () => [randomTensor(1, [batch, height, width, channels]), randomTensor(2, [kernel, kernel, channels, out])],
          (x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
          { gradient: true },
        ),
      ),
      RUNS,
    );
  });

  test("depthwiseConv2d and its gradients", () => {
    fc.assert(
      fc.property(
        geometry,
        fc.integer({ min: 1, max: 2 }),
        ({ batch, height, width, channels, kernel, stride, pad }, multiplier) =>
          expectLikeCpu(
            () => [
              randomTensor(1, [batch, height, width, channels]),
              randomTensor(2, [kernel, kernel, channels, multiplier]),
            ],
            (x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, pad),
            { gradient: true },
          ),
      ),
      RUNS,
    );
  });

  test("maxPool and its gradient", () => {
    fc.assert(
      fc.property(geometry, ({ batch, height, width, channels, kernel, stride, pad }) =>
        expectLikeCpu(
          () => [randomTensor(1, [batch, height, width, channels])],
          (x) => tf.maxPool(x as tf.Tensor4D, kernel, stride, pad),
          { gradient: true },
        ),
      ),
      RUNS,
    );
  });

  test("avgPool; its gradient where no window is padded (the cpu backend's differs from the derivative elsewhere)", () => {
    fc.assert(
      fc.property(geometry, ({ batch, height, width, channels, kernel, stride, pad }) =>
        expectLikeCpu(
          () => [randomTensor(1, [batch, height, width, channels])],
          (x) => tf.avgPool(x as tf.Tensor4D, kernel, stride, pad),
          { gradient: pad !== "same" },
        ),
      ),
      RUNS,
    );
  });

  test("explicit padding, dilation, channels first", () => {
    const x = () => randomTensor(1, [2, 8, 9, 3]);
    const pad: tf.backend_util.ExplicitPadding = [
      [0, 0],
      [1, 2],
      [0, 3],
      [0, 0],
    ];
    expectLikeCpu(
      () => [x(), randomTensor(2, [3, 3, 3, 4])],
      (a, w) => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, 2, pad),
      {
        gradient: true,
      },
    );
    expectLikeCpu(
      () => [x(), randomTensor(2, [3, 3, 3, 4])],
      (a, w) => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, 1, "same", "NHWC", 2),
    );
    expectLikeCpu(
      () => [randomTensor(1, [2, 3, 8, 9]), randomTensor(2, [3, 3, 3, 4])],
      (a, w) => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, 2, "same", "NCHW"),
    );
    expectLikeCpu(
      () => [x(), randomTensor(2, [3, 3, 3, 1])],
      (a, w) => tf.depthwiseConv2d(a as tf.Tensor4D, w as tf.Tensor4D, 1, "same", "NHWC", 2),
    );
  });

  test("fused convolutions: bias and activation", () => {
    const inputs = () => [randomTensor(1, [2, 8, 9, 3]), randomTensor(2, [3, 3, 3, 4]), randomTensor(3, [4])];
    for (const activation of ["linear", "relu", "relu6", "elu", "sigmoid", "leakyrelu"] as const) {
      expectLikeCpu(inputs, (x, filter, bias) =>
        tf.fused.conv2d({
          x: x as tf.Tensor4D,
          filter: filter as tf.Tensor4D,
          strides: 2,
          pad: "same",
          bias,
          activation,
          leakyreluAlpha: 0.3,
        }),
      );
    }
    const depthwise = () => [randomTensor(1, [2, 8, 9, 3]), randomTensor(2, [3, 3, 3, 1]), randomTensor(3, [3])];
    expectLikeCpu(
      depthwise,
      (x, filter, bias) =>
        tf.fused.depthwiseConv2d({
          x: x as tf.Tensor4D,
          filter: filter as tf.Tensor4D,
          strides: 1,
          pad: "same",
          bias,
          activation: "relu",
        }),
      { gradient: true },
    );
  });

  test("in three dimensions", () => {
    expectLikeCpu(
      () => [randomTensor(1, [2, 5, 6, 7, 2]), randomTensor(2, [3, 3, 3, 2, 3])],
      (x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 2, "same"),
      { gradient: true },
    );
    expectLikeCpu(
      () => [randomTensor(1, [2, 5, 6, 7, 2])],
      (x) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, "same"),
      { gradient: true },
    );
    expectLikeCpu(
      () => [randomTensor(1, [2, 5, 6, 7, 2])],
      (x) => tf.avgPool3d(x as tf.Tensor5D, 2, 2, "valid"),
      { gradient: true },
    );
  });

  test("transposed convolution", () => {
    const shape: Size4 = [2, 9, 10, 4];
    expectLikeCpu(
      () => [randomTensor(1, [2, 5, 5, 3]), randomTensor(2, [3, 3, 4, 3])],
      (x, w) => tf.conv2dTranspose(x as tf.Tensor4D, w as tf.Tensor4D, shape, 2, "same"),
      { gradient: true },
    );
  });

  test("maxPoolWithArgmax", () => {
    expectLikeCpu(
      () => [randomTensor(1, [2, 5, 6, 3])],
      (x) => {
        const { result, indexes } = tf.maxPoolWithArgmax(x as tf.Tensor4D, 2, 2, "same", true);
        return [result, indexes];
      },
    );
  });
});
