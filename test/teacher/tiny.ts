import { syntheticDataset } from "../../src/data";
import type { Architecture, Layer } from "../../src/space";

const mbconv = (outChannels: number, stride = 1): Layer => ({
  kind: "mbconv",
  kernelSize: 3,
  stride,
  expansion: 2,
  outChannels,
  seRatio: 0.25,
  activation: "silu",
});

/** A network for 8x8 images that trains in a second without a fast engine. */
export const tinyArchitecture: Architecture = {
  name: "tiny",
  input: { height: 8, width: 8, channels: 1 },
  stem: [{ kind: "conv", kernelSize: 3, stride: 2, outChannels: 4, activation: "silu" }],
  blocks: [[mbconv(6), mbconv(6)], [mbconv(8, 2)]],
  head: [{ kind: "conv", kernelSize: 1, stride: 1, outChannels: 12, activation: "silu" }],
  classes: 4,
  padding: "same",
  batchNormEpsilon: 1e-3,
  dropout: 0.1,
};

/** Four stripe patterns, 64 images to train on. */
export const tinyData = syntheticDataset({ seed: 3, count: 96, validationCount: 32, noise: 15 });

/** Options that teach the tiny network the tiny data. */
export const tinyOptions = {
  seed: 5,
  epochs: 4,
  batchSize: 16,
  learningRate: 0.1,
  labelSmoothing: 0,
  augment: { shift: 1 },
} as const;
