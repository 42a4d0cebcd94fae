import { spawnSync } from "node:child_process";
import { Rng } from "../../src/core";
import { tf } from "../../src/engine";
import { Network } from "../../src/nn";
import { type Architecture, conv, type Layer, mbconv, placeOp } from "../../src/space";
import { Teacher } from "../../src/teacher";
import { PYTHON } from "../teacher/hub";

const input = { height: 15, width: 12, channels: 3 };
const base = { input, classes: 5, batchNormEpsilon: 1e-3 } as const;
const [e3] = mbconv([3], [3]);
const [e1] = mbconv([5], [1], { seRatio: 0, activation: "relu6" });
const residual = (design: "basic" | "bottleneck", stride: number): Layer => {
  return { kind: "residual", design, kernelSize: 3, stride, innerChannels: 8, outChannels: 8, activation: "relu" };
};

/** One network of each form: EfficientNet's with TensorFlow's padding, MobileNetV2's, MobileNetV3's, ResNet's. */
export const FORMS: Readonly<Record<string, Architecture>> = {
  efficientnet: {
    ...base,
    name: "efficient",
    stem: [conv(3, 8, { stride: 2 }), placeOp(e1, 8)],
    blocks: [[placeOp(e3, 16, 2), { kind: "identity" }, placeOp(e3, 16)], [placeOp(e3, 24, 2)]],
    head: [conv(1, 32)],
    padding: "same",
  },
  mobilenet_v2: {
    ...base,
    name: "mobile",
    stem: [conv(3, 8, { stride: 2, activation: "relu6" })],
    blocks: [[placeOp(e1, 8), { ...placeOp(e3, 8), seRatio: 0, activation: "relu6" }]],
    head: [conv(1, 16, { activation: "relu6" })],
    padding: "symmetric",
    batchNormEpsilon: 1e-5,
  },
  mobilenet_v3: {
    ...base,
    name: "mobile v3",
    stem: [conv(3, 16, { stride: 2, activation: "hardswish" })],
    blocks: [
      [{ ...placeOp(e3, 16, 2), expansion: 2.3, seDesign: "mobilenetv3", activation: "hardswish" }],
      [{ ...placeOp(e3, 16), expansion: 4, seDesign: "mobilenetv3", activation: "relu", residual: false }],
    ],
    head: [conv(1, 24, { activation: "hardswish" })],
    hidden: { features: 20, activation: "hardswish" },
    padding: "symmetric",
  },
  resnet: {
    ...base,
    name: "residual",
    stem: [conv(7, 8, { stride: 2, activation: "silu" }), { kind: "maxpool", kernelSize: 3, stride: 2 }],
    blocks: [
      [residual("basic", 1), residual("basic", 2)],
      [{ ...residual("bottleneck", 2), outChannels: 16 } as Layer],
    ],
    head: [],
    padding: "symmetric",
  },
};

/** Names with what a file or a program could trip over. */
export const CLASSES = ["cat", 'the "dog"', "Fisch & Frosch", "$x {y} \\n", "猫🐈"];

/** A teacher of a form with statistics that are not the initial ones, sure of its answers. */
export function teacherOf(form: string, changes: Partial<Architecture> = {}): Teacher {
  const architecture = { ...FORMS[form], ...changes };
  const network = new Network(architecture, new Rng(3));
  const { height, width, channels } = architecture.input;
  tf.tidy(() => {
    const images = tf.randomNormal<tf.Rank.R4>([8, height, width, channels], 0.3, 1, "float32", 1);
    network.logits(images, { mode: "recalibrate" });
    for (const [name, variable] of network.parameters()) {
      const shape = [...variable.shape];
      if (/gamma$/.test(name)) variable.assign(tf.randomUniform(shape, 0.6, 1.4, "float32", 2));
      if (/beta$|bias$/.test(name)) variable.assign(tf.randomUniform(shape, -0.5, 0.5, "float32", 3));
    }
  });
  const preprocessing = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const history = { epochs: [], accuracy: 0.75, validationImages: 40, imagesPerSecond: 0 };
  return new Teacher(network, { architecture, preprocessing, classes: CLASSES, dataset: "pictures", history });
}

/** Bytes of images `[batch, height, width, channels]`. */
export function pixelsOf({ input: { height, width, channels } }: Architecture, batch: number): Uint8Array {
  const rng = new Rng(batch);
  return Uint8Array.from({ length: batch * height * width * channels }, () => Math.floor(256 * rng.uniform()));
}

/** Logits of our engine for bytes of images, one after another. */
export function ownLogits({ preprocessing, network, architecture }: Teacher, pixels: Uint8Array, batch: number) {
  const { height, width, channels } = architecture.input;
  const { mean, std } = preprocessing;
  return tf.tidy((): number[] => {
    const images = tf.tensor4d(Float32Array.from(pixels), [batch, height, width, channels]);
    const seen = tf.div(tf.sub(tf.div(images, 255), tf.tensor1d([...mean])), tf.tensor1d([...std]));
    return [...network.logits(seen as tf.Tensor4D, { mode: "eval" }).dataSync()];
  });
}

/** Runs lines of Python that print JSON. */
export function python(lines: readonly string[], ...args: readonly string[]): unknown {
  const { status, stdout, stderr } = spawnSync(PYTHON, ["-c", lines.join("\n"), ...args], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
