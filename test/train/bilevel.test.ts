/** The architecture's gradient through a step of the weights, on a toy problem, against PyTorch's exact second derivatives. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { engine, tf } from "../../src/engine";
import { architectureGradients, type BilevelProblem } from "../../src/train";
import { randomTensor } from "../engine/native";
import { describePyTorch, Reference } from "../engine/reference";

const sent = (t: tf.Tensor) => ({ shape: t.shape, data: Float32Array.from(t.dataSync()) });
const RATE = 0.05;

describePyTorch("a bilevel problem", () => {
  let reference: Reference;
  beforeAll(() => {
    engine.use("auto", { threads: 1 });
    reference = new Reference();
  });
  afterAll(() => reference.close());

  it("has the gradient of order 2 that exact differentiation has, another than that of order 1, and keeps the weights", async () => {
    const [x, y] = [randomTensor(1, [5, 4]), randomTensor(2, [5, 4])];
    const w = tf.variable(randomTensor(3, [4, 3]));
    const a = tf.variable(randomTensor(4, [3]));
    const problem: BilevelProblem = {
      weights: new Map([["w", w]]),
      architecture: new Map([["a", a]]),
      trainingLoss: () =>
        tf.add(
          tf.sum(tf.square(tf.mul(tf.tanh(tf.matMul(x as tf.Tensor2D, w as tf.Tensor as tf.Tensor2D)), a))),
          tf.mean(tf.square(tf.mul(w, tf.sum(a)))),
        ) as tf.Scalar,
      validationLoss: () =>
        tf.sum(
          tf.square(tf.sub(tf.mul(tf.tanh(tf.matMul(y as tf.Tensor2D, w as tf.Tensor as tf.Tensor2D)), a), 0.5)),
        ) as tf.Scalar,
    };
    const wanted = await reference.ask({
      op: "bilevel",
      options: { rate: RATE },
      inputs: { x: sent(x), y: sent(y), w: sent(w), a: sent(a) },
      gradients: ["a"],
    });
    const before = [...w.dataSync()];
    const tensors = tf.memory().numTensors;
    const [first, second] = ([1, 2] as const).map((order) =>
      architectureGradients(problem, { order, learningRate: RATE }),
    );
    expect(tf.memory().numTensors).toBe(tensors + 4);
    expect([...w.dataSync()]).toEqual(before);
    const exact = [...wanted.gradients.a.data];
    const size = Math.max(...exact.map(Math.abs));
    const error = (gradients: Map<string, tf.Tensor>) =>
      Math.max(...Array.from(gradients.get("a")!.dataSync(), (value, i) => Math.abs(value - exact[i]))) / size;
    expect(second.loss.dataSync()[0]).toBeCloseTo(wanted.outputs.loss.data[0], 4);
    expect(error(second.gradients)).toBeLessThan(2e-3);
    expect(error(first.gradients)).toBeGreaterThan(2e-2);
  });
});
