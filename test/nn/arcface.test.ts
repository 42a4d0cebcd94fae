/** ArcFace, values and gradients, against PyTorch in float64. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { engine, fused, tf } from "../../src/engine";
import { ArcFace, clipped, sgd } from "../../src/nn";
import { embeddingDistance } from "../../src/train";
import { describeNative, randomTensor } from "../engine/native";
import { describePyTorch, Reference } from "../engine/reference";

const sent = (t: tf.Tensor) => ({ shape: t.shape, data: t.dataSync() as Float32Array });

function expectNear(found: ArrayLike<number>, wanted: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(wanted.length);
  const most = Math.max(...Array.from(wanted, Math.abs));
  const worst = Math.max(...Array.from(wanted, (value, i) => Math.abs(found[i] - value)));
  expect(worst / most).toBeLessThan(tolerance);
}

describeNative("ArcFace", () => {
  beforeAll(() => {
    engine.use("native", { threads: 1 });
  });

  describePyTorch("against PyTorch", () => {
    let reference: Reference;
    beforeAll(() => {
      reference = new Reference();
    });
    afterAll(() => reference.close());

    it.each([
      [64, 0.5, 500],
      [16, 0.3, 9],
      [16, 1.2, 40],
    ])(
      "has its logits, loss and gradients (s %d, m %d, %i identities), also beyond 180 degrees",
      async (scale, margin, classes) => {
        const [batch, features] = [12, 8];
        const head = new ArcFace({ features, classes, scale, margin }, new Rng(1));
        const embeddings = tf.tidy(() => tf.mul(randomTensor(3, [batch, features]), 3)) as tf.Tensor2D;
        const labels = tf.tensor1d(
          Array.from({ length: batch }, (_, i) => (7 * i) % classes),
          "int32",
        );
        // Two at the opposite of their own identity, where the margin passes 180 degrees; one exactly at it is left to float64.
        const rows = embeddings.arraySync();
        const weight = head.weight.arraySync();
        for (const i of [0, 1]) rows[i] = rows[i].map((value, f) => 0.05 * value - weight[f][(7 * i) % classes]);
        const x = tf.tensor2d(rows);
        const answer = await reference.ask({
          op: "arcface",
          options: { scale, margin },
          inputs: { x: sent(x), weight: sent(head.weight), labels: sent(labels.toFloat()) },
          gradients: ["x", "weight"],
        });
        const loss = (input: tf.Tensor2D) =>
          fused.softmaxCrossEntropy(head.logits(input, labels), labels, { smoothing: 0 });
        expectNear(loss(x).dataSync(), answer.outputs.loss.data, 1e-5);
        expectNear(head.logits(x, labels).dataSync(), answer.outputs.logits.data, 1e-5);
        const slope = tf.grad((input: tf.Tensor) => loss(input as tf.Tensor2D))(x);
        expectNear(slope.dataSync(), answer.gradients.x.data, 2e-4);
        const { grads } = tf.variableGrads(() => loss(x), [head.weight]);
        expectNear(grads[head.weight.name].dataSync(), answer.gradients.weight.data, 2e-4);
      },
    );

    it("has the distance of embeddings and its gradient", async () => {
      const [x, target] = [randomTensor(1, [6, 5]), randomTensor(2, [6, 5])] as [tf.Tensor2D, tf.Tensor2D];
      const answer = await reference.ask({
        op: "embedding_distance",
        options: {},
        inputs: { x: sent(x), target: sent(target) },
        gradients: ["x"],
      });
      expectNear(embeddingDistance(x, target).dataSync(), answer.outputs.loss.data, 1e-6);
      const slope = tf.grad((input: tf.Tensor) => embeddingDistance(input as tf.Tensor2D, target))(x);
      expectNear(slope.dataSync(), answer.gradients.x.data, 1e-5);
    });
  });

  it("takes labels of ten thousands of identities", () => {
    const classes = 70_000;
    const head = new ArcFace({ features: 4, classes }, new Rng(1));
    const labels = tf.tensor1d([0, 300, 69_999], "int32");
    const rows = [0, 300, 69_999].map((label) => head.weight.slice([0, label], [4, 1]).flatten());
    const logits = head.logits(tf.stack(rows) as tf.Tensor2D, labels).arraySync();
    [0, 300, 69_999].forEach((label, i) => {
      // At its own direction an embedding has the cosine of the margin alone, up to the rounding of a sine near 0.
      expect(logits[i][label]).toBeCloseTo(64 * Math.cos(0.5), 1);
    });
    head.dispose();
  });

  it("refuses what it cannot be made of", () => {
    expect(() => new ArcFace({ features: 4, classes: 1 }, new Rng(1))).toThrow(/classes must be a whole number from 2/);
    expect(() => new ArcFace({ features: 4, classes: 3, margin: 2 }, new Rng(1))).toThrow(/margin must be/);
    expect(() => new ArcFace({ features: 4 } as never, new Rng(1))).toThrow(/classes must be/);
  });
});

describe("clipped gradients", () => {
  const moved = (gradient: number[], norm: number) => {
    const variable = tf.variable(tf.zeros([gradient.length]));
    const slope = tf.tensor1d(gradient);
    const optimizer = clipped(sgd({ momentum: 0 }), norm);
    optimizer.step(new Map([["x", slope]]), new Map([["x", variable]]), 1);
    const values = [...variable.dataSync()];
    tf.dispose([variable, slope]);
    return values;
  };

  it("move by a step of the bound's length where they are longer, else as they are", () => {
    expect(moved([3, 4], 10)).toEqual([-3, -4]);
    const [a, b] = moved([30, 40], 10);
    expect(a).toBeCloseTo(-6, 4);
    expect(b).toBeCloseTo(-8, 4);
  });

  it("need a bound above 0", () => {
    expect(() => clipped(sgd(), 0)).toThrow(/norm must be above 0/);
  });
});
