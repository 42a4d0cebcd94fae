import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { adjustHue, type CropBox, cropBox, croppedAndScaled, eraseBox, RAND_AUGMENT_OPERATIONS } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { weightedCrossEntropy } from "../../src/train";
import { PYTHON, pythonHas } from "../teacher/hub";

const SCRIPT = join(__dirname, "../golden/augmentations.py");
const DRAWS = 4000;
const MAGNITUDES = [0, 3, 9, 17, 30];
const CROPS = [
  [2, 3, 11, 9],
  [0, 0, 7, 23],
  [5, 0, 20, 24],
  [0, 0, 32, 24],
];
const LOGITS = [
  [1, -2, 0.5],
  [0.1, 0.2, 0.3],
  [3, 1, -1],
  [-1, 2, 2],
];
const LABELS = [0, 2, 1, 1];
const WEIGHTS = [0.5, 2, 1.25];
const SMOOTHING = [0, 0.1];

interface Answer {
  readonly images: readonly (readonly number[])[];
  readonly crops: readonly (readonly number[])[];
  readonly erased: readonly (readonly number[])[];
  readonly losses: readonly number[];
}

/** A picture with edges, slopes and noise; each channel has another range. */
function picture(shape: { height: number; width: number; channels: number }): Uint8Array {
  const rng = new Rng(7);
  return Uint8Array.from({ length: shape.height * shape.width * shape.channels }, (_, at) => {
    const c = at % shape.channels;
    const x = Math.floor(at / shape.channels) % shape.width;
    const y = Math.floor(at / shape.channels / shape.width);
    return Math.min(255, 20 * c + 4 * x + 3 * y + (x > 9 && y > 12 ? 60 : 0) + rng.int(30));
  });
}

/** What torchvision makes of the picture. */
function asked(shape: { height: number; width: number; channels: number }, operations: readonly unknown[]): Answer {
  const image = [...picture(shape)];
  const sides = [shape.height, shape.width, shape.channels];
  const losses = { logits: LOGITS, labels: LABELS, weights: WEIGHTS, smoothing: SMOOTHING };
  const input = JSON.stringify({ shape: sides, image, operations, draws: DRAWS, ...losses });
  const { stdout, stderr, status } = spawnSync(PYTHON, [SCRIPT], { input, encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Answer;
}

/** Largest distance of the two cumulative distributions (Kolmogorov and Smirnov). */
function distance(a: readonly number[], b: readonly number[]): number {
  const below = (values: readonly number[], limit: number) => values.filter((value) => value <= limit).length;
  const places = [...new Set([...a, ...b])];
  return Math.max(...places.map((at) => Math.abs(below(a, at) / a.length - below(b, at) / b.length)));
}

const signedMagnitudes = (name: string) =>
  RAND_AUGMENT_OPERATIONS[name].signed ? [...MAGNITUDES, ...MAGNITUDES.slice(1).map((m) => -m)] : MAGNITUDES;

describe.runIf(pythonHas("torch", "torchvision"))("augmentations are torchvision's", () => {
  const shapes = [3, 1].map((channels) => ({ height: 32, width: 24, channels }));
  const operations = Object.keys(RAND_AUGMENT_OPERATIONS).flatMap((name) =>
    signedMagnitudes(name).map((magnitude) => [name, magnitude] as const),
  );
  const hues = [-0.5, -0.1, 0.03, 0.4];
  const all = [...operations, ...hues.map((hue) => ["hue", hue]), ...CROPS.map((box) => ["crop", box])];
  let answers: readonly Answer[];
  beforeAll(() => {
    engine.use("auto", { threads: 1 });
    answers = shapes.map((shape) => asked(shape, all));
  });

  test.each([0, 1])("each operation of RandAugment at each magnitude, byte for byte (%#)", (i) => {
    const shape = shapes[i];
    const image = picture(shape);
    for (const [at, [name, magnitude]] of operations.entries()) {
      const own = RAND_AUGMENT_OPERATIONS[name].apply(image, shape, magnitude);
      expect([...own], `${name} ${magnitude}`).toEqual(answers[i].images[at]);
    }
  });

  test.each([0, 1])("hue and crops scaled back but for roundings of halves: one step, of few bytes (%#)", (i) => {
    const shape = shapes[i];
    const image = picture(shape);
    const own = [
      ...hues.map((hue) => adjustHue(image, shape, hue)),
      ...CROPS.map(([top, left, height, width]) => croppedAndScaled(image, shape, { top, left, height, width })),
    ];
    for (const [at, values] of own.entries()) {
      const theirs = answers[i].images[operations.length + at];
      const apart = values.map((value, k) => Math.abs(value - theirs[k]));
      expect(Math.max(...apart), String(all[operations.length + at])).toBeLessThanOrEqual(1);
      expect(apart.filter((step) => step > 0).length).toBeLessThan(values.length / 200);
    }
  });

  test("boxes to crop and to erase are distributed as torchvision's", () => {
    const [shape] = shapes;
    const rng = new Rng(2);
    const list = ({ top, left, height, width }: CropBox) => [top, left, height, width];
    const draw = (box: () => CropBox | undefined) => Array.from({ length: DRAWS }, () => list(box()!));
    const crops = draw(() => cropBox(shape, [0.08, 1], [3 / 4, 4 / 3], rng));
    const erased = draw(() => eraseBox(shape, [0.02, 0.33], [0.3, 3.3], rng));
    // Two samples of 4,000 of one distribution are farther apart than this once in a hundred thousand times.
    const most = Math.sqrt((-Math.log(1e-5 / 2) * 2) / (2 * DRAWS));
    for (const side of [0, 1, 2, 3]) {
      const of = (boxes: readonly (readonly number[])[]) => boxes.map((box) => box[side]);
      expect(distance(of(crops), of(answers[0].crops))).toBeLessThan(most);
      expect(distance(of(erased), of(answers[0].erased))).toBeLessThan(most);
    }
  });

  test("cross-entropy in which classes have weights is PyTorch's, smoothed or not", () => {
    for (const [i, smoothing] of SMOOTHING.entries()) {
      const [logits, labels] = [tf.tensor2d(LOGITS), tf.tensor1d(LABELS, "int32")];
      const loss = weightedCrossEntropy(logits, labels, tf.tensor1d(WEIGHTS), { smoothing }).dataSync()[0];
      expect(loss).toBeCloseTo(answers[0].losses[i], 5);
    }
  });
});
