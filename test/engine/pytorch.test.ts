import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { engine, tf } from "../../src/engine";
import { describeNative, expectClose } from "./native";

interface Stored {
  shape: number[];
  values: number[];
}

interface Case {
  name: string;
  attributes: { op: string; stride?: number; kernel?: number; epsilon?: number; labels?: number[] };
  inputs: Record<string, Stored>;
  weights: Stored;
  output: Stored;
  gradients: Record<string, Stored>;
}

const golden = join(__dirname, "../golden/engine/pytorch.json");
const { cases } = JSON.parse(readFileSync(golden, "utf8")) as { cases: Case[] };

/** The same computation in TensorFlow.js's ordinary ops. */
function compute(
  { op, stride = 1, kernel = 1, epsilon = 0, labels = [] }: Case["attributes"],
  xs: tf.Tensor[],
): tf.Tensor {
  const image = xs[0] as tf.Tensor4D;
  switch (op) {
    case "conv2d":
      return tf.conv2d(image, xs[1] as tf.Tensor4D, stride, "same");
    case "depthwise":
      return tf.depthwiseConv2d(image, xs[1] as tf.Tensor4D, stride, "same");
    case "maxPool":
      return tf.maxPool(image, kernel, stride, "same");
    case "avgPool":
      return tf.avgPool(image, kernel, stride, "same");
    case "batchNorm": {
      const { mean, variance } = tf.moments(image, [0, 1, 2]);
      return tf.batchNorm(
        image,
        mean as tf.Tensor1D,
        variance as tf.Tensor1D,
        xs[2] as tf.Tensor1D,
        xs[1] as tf.Tensor1D,
        epsilon,
      );
    }
    case "silu":
      return tf.mul(xs[0], tf.sigmoid(xs[0]));
    case "elu":
      return tf.elu(xs[0]);
    case "softmax":
      return tf.softmax(xs[0]);
    case "crossEntropy":
      return tf.losses.softmaxCrossEntropy(tf.oneHot(tf.tensor1d(labels, "int32"), 5), xs[0]);
    case "matMul":
      return tf.matMul(xs[0], xs[1]);
    default:
      throw new Error(`no such op: ${op}`);
  }
}

const tensor = ({ shape, values }: Stored) => tf.tensor(values, shape);
const result = (t: tf.Tensor) => ({ shape: t.shape, dtype: t.dtype, values: Array.from(t.dataSync()) });
const stored = (s: Stored) => ({ ...s, dtype: "float32" });

describeNative("values and gradients are PyTorch's", () => {
  test("the stored values are there", () => expect(cases.length).toBeGreaterThan(20));

  for (const { name, attributes, inputs, weights, output, gradients } of cases) {
    test(name, () => {
      engine.use("native");
      tf.tidy(() => {
        const xs = Object.values(inputs).map(tensor);
        expectClose([result(compute(attributes, xs))], [stored(output)], 1e-5);
        const loss = (...ys: tf.Tensor[]) => compute(attributes, ys).mul(tensor(weights)).sum() as tf.Scalar;
        expectClose(tf.grads(loss)(xs).map(result), Object.values(gradients).map(stored), 1e-5);
      });
    });
  }
});
