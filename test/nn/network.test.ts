import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { tf } from "../../src/engine";
import { adam, loadState, lossAndGradients, Network, saveState, sgd } from "../../src/nn";
import type { Architecture } from "../../src/space/types";

const tiny: Architecture = {
  name: "tiny",
  input: { height: 8, width: 8, channels: 1 },
  stem: [{ kind: "conv", kernelSize: 3, stride: 2, outChannels: 4, activation: "silu" }],
  blocks: [
    [
      { kind: "mbconv", kernelSize: 3, stride: 1, expansion: 3, outChannels: 4, seRatio: 0.25, activation: "silu" },
      { kind: "identity" },
    ],
    [{ kind: "mbconv", kernelSize: 5, stride: 2, expansion: 1, outChannels: 6, seRatio: 0, activation: "relu" }],
  ],
  head: [{ kind: "conv", kernelSize: 1, stride: 1, outChannels: 8, activation: "silu" }],
  classes: 3,
  padding: "same",
  batchNormEpsilon: 1e-3,
};

const images = () => {
  const rng = new Rng(5);
  return tf.tensor4d(
    Float32Array.from({ length: 4 * 64 }, () => rng.normal()),
    [4, 8, 8, 1],
  );
};
const norms = (network: Network) => [...network.parameters().values()].map((v) => tf.norm(v).dataSync()[0]);

describe("Network", () => {
  it("gives logits [batch, classes] and feature maps at cuts", () => {
    const network = new Network(tiny, new Rng(1));
    const x = images();
    expect(network.logits(x, { mode: "eval" }).shape).toEqual([4, 3]);
    const [first, second] = network.featuresAt(x, { mode: "eval" }, [0, 3]);
    expect([first.shape, second.shape]).toEqual([
      [4, 4, 4, 4],
      [4, 2, 2, 6],
    ]);
    const whole = network.trunk.forward(x, { mode: "eval" });
    expect(tf.max(tf.abs(tf.sub(whole, second))).dataSync()[0]).toBe(0);
  });

  it("draws the same parameters from the same seed and others from another", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => norms(new Network(tiny, new Rng(seed))));
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it("evaluates after recalibration as it does with batch statistics", () => {
    const network = new Network(tiny, new Rng(1));
    const x = images();
    const recalibrated = network.logits(x, { mode: "recalibrate" });
    const evaluated = network.logits(x, { mode: "eval" });
    expect(tf.max(tf.abs(tf.sub(recalibrated, evaluated))).dataSync()[0]).toBeLessThan(1e-4);
  });

  it("keeps the running statistics in mode batch and moves them in mode train", () => {
    const network = new Network(tiny, new Rng(1));
    const before = saveState(network);
    network.logits(images(), { mode: "batch" });
    expect(saveState(network)).toEqual(before);
    network.logits(images(), { mode: "train" });
    expect(saveState(network)).not.toEqual(before);
  });

  it("restores a saved state to the same logits", () => {
    const [a, b] = [1, 2].map((seed) => new Network(tiny, new Rng(seed)));
    a.logits(images(), { mode: "train" });
    loadState(b, saveState(a));
    const [la, lb] = [a, b].map((network) => network.logits(images(), { mode: "eval" }).dataSync());
    expect(lb).toEqual(la);
  });

  it("names what a state lacks", () => {
    const state = saveState(new Network(tiny, new Rng(1)));
    state.delete("classifier.bias");
    expect(() => loadState(new Network(tiny, new Rng(1)), state)).toThrow(/classifier.bias/);
  });

  for (const [name, optimizer, learningRate] of [
    ["sgd", () => sgd(), 0.05],
    ["adam", () => adam({ weightDecay: 1e-4 }), 0.01],
  ] as const) {
    it(`learns a batch by heart with ${name}, without leaking tensors`, () => {
      const network = new Network({ ...tiny, dropConnect: 0.1, dropout: 0.1 }, new Rng(1));
      const rule = optimizer();
      const draws = new Rng(9);
      const x = images();
      const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 0], "int32"), 3);
      const parameters = network.parameters();
      const step = () => {
        const { loss, gradients } = lossAndGradients(
          () => tf.losses.softmaxCrossEntropy(labels, network.logits(x, { mode: "train", rng: draws })) as tf.Scalar,
          parameters,
        );
        rule.step(gradients, parameters, learningRate);
        const value = loss.dataSync()[0];
        tf.dispose([loss, ...gradients.values()]);
        return value;
      };
      const first = step();
      const tensors = tf.memory().numTensors;
      let last = first;
      for (let i = 0; i < 25; i++) last = step();
      expect(tf.memory().numTensors).toBe(tensors);
      expect(last).toBeLessThan(first * 0.5);
    });
  }
});
