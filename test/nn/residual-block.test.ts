import { beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { buildLayer, saveState } from "../../src/nn";
import { type Layer, placeCandidate, residual } from "../../src/space";

const settings = { padding: "symmetric", batchNormEpsilon: 1e-5 } as const;
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

describe("ResNet's block in training", () => {
  const layer = placeCandidate(residual([3], { activation: "none" })[0], 4, 4, 1);
  const build = (of: Layer, dropRate = 0) => buildLayer(of, 4, settings, new Rng(1), dropRate);
  const x = () => tf.randomNormal<tf.Rank.R4>([64, 4, 4, 4], 0, 1, "float32", 2);

  it("drops whole samples' convolutions by its rate and scales the others, as an MBConv does", () => {
    const [plain, dropping] = [build(layer), build(layer, 0.5)];
    tf.tidy(() => {
      const input = x();
      const branch = tf.sub(plain.forward(input, { mode: "train" }), input);
      const dropped = tf.sub(dropping.forward(input, { mode: "train", rng: new Rng(3) }), input);
      const [of, kept] = [branch, dropped].map((map) => tf.sum(tf.abs(map), [1, 2, 3]).dataSync());
      const ratios = kept.map((value, i) => value / of[i]);
      for (const ratio of ratios) expect(Math.min(Math.abs(ratio), Math.abs(ratio - 2))).toBeLessThan(1e-4);
      expect(ratios.filter((ratio) => ratio < 1).length).toBeGreaterThan(16);
      expect(ratios.filter((ratio) => ratio > 1).length).toBeGreaterThan(16);
    });
    plain.dispose();
    dropping.dispose();
  });

  it("drops nothing outside of training, nor without random numbers", () => {
    const [plain, dropping] = [build(layer), build(layer, 0.5)];
    tf.tidy(() => {
      const input = x();
      for (const context of [{ mode: "eval" }, { mode: "train" }, { mode: "recalibrate", rng: new Rng(3) }] as const) {
        const [a, b] = [plain, dropping].map((module) => module.forward(input, context).dataSync());
        expect(b).toEqual(a);
      }
    });
    plain.dispose();
    dropping.dispose();
  });

  it("has the parameters of torchvision's BasicBlock and Bottleneck, by shape", () => {
    const shapes = (of: Layer) =>
      [...saveState(buildLayer(of, 4, settings, new Rng(1)))]
        .filter(([name]) => name.endsWith("kernel"))
        .map(([name, { shape }]) => `${name} ${shape.join("x")}`);
    const [basic] = residual([3]);
    const [bottleneck] = residual([3], { design: "bottleneck" });
    expect(shapes(placeCandidate(basic, 4, 8, 2))).toEqual([
      "conv1.kernel 3x3x4x8",
      "conv2.kernel 3x3x8x8",
      "shortcut.kernel 1x1x4x8",
    ]);
    expect(shapes(placeCandidate(bottleneck, 4, 4, 1))).toEqual([
      "conv1.kernel 1x1x4x1",
      "conv2.kernel 3x3x1x1",
      "conv3.kernel 1x1x1x4",
    ]);
  });
});
