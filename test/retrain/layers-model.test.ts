import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { Network } from "../../src/nn";
import { saveLayersModel, toLayersModel } from "../../src/retrain";
import type { Architecture } from "../../src/space";
import { tinyArchitecture } from "../teacher/tiny";

const folder = mkdtempSync(join(tmpdir(), "blockwise-layers-"));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A network with statistics that are not the initial ones. */
function network(changes: Partial<Architecture> = {}): Network {
  const made = new Network({ ...tinyArchitecture, ...changes }, new Rng(4));
  const images = tf.randomNormal<tf.Rank.R4>([8, 8, 8, 1], 0, 1, "float32", 1);
  made.logits(images, { mode: "recalibrate" }).dispose();
  images.dispose();
  return made;
}

function outputs(made: Network, model: tf.LayersModel): [number[], number[]] {
  return tf.tidy(() => {
    const images = tf.randomNormal<tf.Rank.R4>([3, 8, 8, 1], 0, 1, "float32", 2);
    const own = tf.softmax(made.logits(images, { mode: "eval" }));
    return [[...own.dataSync()], [...(model.predict(images) as tf.Tensor).dataSync()]];
  });
}

function expectClose([a, b]: [number[], number[]]): void {
  expect(b.length).toBe(a.length);
  a.forEach((value, i) => {
    expect(b[i]).toBeCloseTo(value, 5);
  });
}

test.each([
  ["same padding", {}],
  ["symmetric padding", { padding: "symmetric" as const }],
  [
    "no squeeze-excite, no expansion, ReLU6, identity",
    {
      blocks: [
        [
          { kind: "mbconv", kernelSize: 5, stride: 2, expansion: 1, outChannels: 6, seRatio: 0, activation: "relu6" },
          { kind: "identity" },
        ],
      ] as Architecture["blocks"],
    },
  ],
  [
    "hard swish, fractional expansion, MobileNetV3's squeeze-excite, hidden layer",
    {
      padding: "symmetric" as const,
      blocks: [
        [
          {
            kind: "mbconv",
            kernelSize: 3,
            stride: 2,
            expansion: 2.5,
            outChannels: 8,
            seRatio: 0.25,
            seDesign: "mobilenetv3",
            activation: "hardswish",
          },
        ],
      ] as Architecture["blocks"],
      hidden: { features: 12, activation: "hardswish" as const },
    },
  ],
  [
    "a ResNet's stem and blocks",
    {
      padding: "symmetric" as const,
      stem: [
        { kind: "conv", kernelSize: 7, stride: 2, outChannels: 4, activation: "relu" },
        { kind: "maxpool", kernelSize: 3, stride: 2 },
      ] as Architecture["stem"],
      blocks: [
        [
          {
            kind: "residual",
            design: "basic",
            kernelSize: 3,
            stride: 2,
            innerChannels: 6,
            outChannels: 6,
            activation: "relu",
          },
        ],
      ] as Architecture["blocks"],
    },
  ],
])("the layers model answers as the network: %s", (_name, changes) => {
  const made = network(changes);
  const model = toLayersModel(made);
  expectClose(outputs(made, model));
  model.dispose();
  made.dispose();
});

test("a maxpool that may see values below 0 is refused: a layers model pads by 0", () => {
  const stem: Architecture["stem"] = [
    { kind: "conv", kernelSize: 3, stride: 1, outChannels: 4, activation: "silu" },
    { kind: "maxpool", kernelSize: 3, stride: 2 },
  ];
  const made = network({ padding: "symmetric", stem });
  expect(() => toLayersModel(made)).toThrow(/a maxpool with symmetric padding must follow a ReLU, trunk\.1 does not/);
  made.dispose();
});

test("the written files are what tf.loadLayersModel reads", async () => {
  const made = network();
  const model = toLayersModel(made);
  await saveLayersModel(folder, model);
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(folder, "model.json"), "utf8"));
  expect(weightsManifest[0].paths).toEqual(["weights.bin"]);
  const bytes = new Uint8Array(readFileSync(join(folder, "weights.bin")));
  const loaded = await tf.loadLayersModel(
    tf.io.fromMemory({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData: bytes.buffer }),
  );
  expectClose(outputs(made, loaded));
  for (const one of [model, loaded]) one.dispose();
  made.dispose();
});
