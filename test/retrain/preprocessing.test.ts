import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, Rng } from "../../src/core";
import { batchValues, type Preprocessing, type Split } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { Network, saveState } from "../../src/nn";
import { asTeacher, loadFound, retrain, saveFound } from "../../src/retrain";
import { Teacher, teacherFeatures } from "../../src/teacher";
import { score, trainClassifier } from "../../src/train";
import { tinyArchitecture, tinyData, tinyOptions } from "../teacher/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

/** Far from the data set's own numbers, which are about 0.5 and 0.25. */
const FOREIGN: Preprocessing = { mean: [0.1], std: [0.9] };
const short = { ...tinyOptions, epochs: 1 };

function teacherOf(seed: number, preprocessing: Preprocessing, classes = tinyData.classes): Teacher {
  const architecture = { ...tinyArchitecture, classes: classes.length };
  const history = { epochs: [], validationImages: 0, imagesPerSecond: 0 };
  const network = new Network(architecture, new Rng(seed));
  // Sure of its answers, as a trained one is.
  const kernel = network.parameters().get("classifier.kernel")!;
  tf.tidy(() => kernel.assign(tf.mul(kernel, 50)));
  return new Teacher(network, { architecture, preprocessing, classes, dataset: "elsewhere", history });
}

/** Normalises byte by byte, as the definition says. */
function normalised({ images }: Split, { mean, std }: Preprocessing): tf.Tensor4D {
  const values = Float32Array.from(images, (byte) => (byte / 255 - mean[0]) / std[0]);
  return tf.tensor4d(values, [images.length / 64, 8, 8, 1]);
}

function logitsByHand(network: Network, split: Split, preprocessing: Preprocessing): Float32Array {
  return tf.tidy(() => network.logits(normalised(split, preprocessing), { mode: "eval" }).dataSync() as Float32Array);
}

function accuracyByHand(network: Network, split: Split, preprocessing: Preprocessing): number {
  return score(logitsByHand(network, split, preprocessing), split.labels).correct / split.count;
}

describe("soft targets", () => {
  test("come from images under the teacher's preprocessing, augmented as the student's are", async () => {
    const teacher = teacherOf(1, FOREIGN);
    const seen: Float32Array[] = [];
    const logits = (images: tf.Tensor4D) => {
      seen.push(images.dataSync().slice() as Float32Array);
      return teacher.logits(images);
    };
    const network = new Network(tinyArchitecture, new Rng(2));
    const softTargets = { name: "t", preprocessing: FOREIGN, logits, weight: 0.5, temperature: 2 };
    await trainClassifier(network, tinyData, { ...short, softTargets });
    const rng = new Rng(short.seed).fork("training").fork("epoch0");
    const order = rng.fork("order").permutation(tinyData.train.count);
    expect(seen.length).toBe(4);
    for (const [step, images] of seen.entries()) {
      const indices = order.subarray(step * 16, (step + 1) * 16);
      const draws = { ...short.augment, rng: rng.fork(`step${step}`).fork("augment") };
      expect(images).toEqual(batchValues(tinyData.train, indices, tinyData.shape, FOREIGN, draws));
    }
    network.dispose();
    teacher.dispose();
  });

  test("do as a teacher of the data's numbers does that converts the images itself", async () => {
    const teacher = teacherOf(1, FOREIGN);
    const { mean, std } = tinyData.preprocessing;
    const converting = Object.assign(teacherOf(1, tinyData.preprocessing), {
      logits: (images: tf.Tensor4D) =>
        teacher.logits(tf.div(tf.sub(tf.add(tf.mul(images, std[0]), mean[0]), FOREIGN.mean[0]), FOREIGN.std[0])),
    });
    const soft = { weight: 0.9, temperature: 3 };
    const [own, byHand, mistaken] = [
      await retrain(tinyArchitecture, tinyData, { ...short, distillation: { ...soft, teacher } }),
      await retrain(tinyArchitecture, tinyData, { ...short, distillation: { ...soft, teacher: converting } }),
      await retrain(tinyArchitecture, tinyData, {
        ...short,
        distillation: { ...soft, teacher: teacherOf(1, tinyData.preprocessing) },
      }),
    ];
    const losses = [own, byHand, mistaken].map(({ history }) => history.epochs[0].loss);
    expect(losses[0]).toBeCloseTo(losses[1], 4);
    expect(Math.abs(losses[0] - losses[2])).toBeGreaterThan(1e-3);
    for (const one of [own, byHand, mistaken, teacher]) one.dispose();
  });

  test("need a teacher of the same classes", async () => {
    const wide = teacherOf(
      1,
      FOREIGN,
      Array.from({ length: 1000 }, (_, i) => `class ${i}`),
    );
    const turned = teacherOf(1, FOREIGN, [...tinyData.classes].reverse());
    for (const [teacher, message] of [
      [
        wide,
        /distillation needs .* the teacher must have the 4 classes of data set synthetic, got 1000; train a teacher/,
      ],
      [turned, /must have the classes of data set synthetic in their order, got "pattern 3" for class 0/],
    ] as const) {
      const before = tf.memory().numTensors;
      const refused = retrain(tinyArchitecture, tinyData, {
        ...short,
        distillation: { teacher, weight: 0.5, temperature: 1 },
      });
      await expect(refused).rejects.toThrow(ConfigError);
      await expect(refused).rejects.toThrow(message);
      expect(tf.memory().numTensors).toBe(before);
      teacher.dispose();
    }
  });
});

describe("a warm start", () => {
  test("brings its preprocessing along: trained, measured, saved, read, taught and classified under it", async () => {
    const source = new Network(tinyArchitecture, new Rng(8));
    const tensors = saveState(source);
    const warmStart = { name: "elsewhere", tensors, preprocessing: FOREIGN };
    const student = await retrain(tinyArchitecture, tinyData, { ...short, warmStart });
    expect(student.preprocessing).toEqual(FOREIGN);
    const { network } = student;
    expect(student.accuracy).toBe(accuracyByHand(network, tinyData.validation, FOREIGN));
    const test = await student.evaluate(tinyData.test);
    expect(test.accuracy).toBe(accuracyByHand(network, tinyData.test, FOREIGN));

    const path = join(mkdtempSync(join(tmpdir(), "warm-")), "found.json");
    saveFound(path, student, { origin: { method: "given" }, test });
    const read = loadFound(path);
    expect(read.record.preprocessing).toEqual(FOREIGN);
    expect(await read.evaluate(tinyData.test)).toEqual(test);
    for (const teacher of [asTeacher(student), asTeacher(read)]) {
      expect(teacher.preprocessing).toEqual(FOREIGN);
      expect(await teacher.evaluate(tinyData.test)).toEqual(test);
      const [block] = teacher.split([1]);
      const store = await teacherFeatures(teacher, teacher.split([1]), tinyData.test, { dtype: "float32" });
      const byHand = tf.tidy(() =>
        teacher.network
          .featuresAt(normalised(tinyData.test, FOREIGN), { mode: "eval" }, [block.lastLayer])[0]
          .dataSync(),
      );
      const kept = store.batch(
        1,
        Uint32Array.from({ length: tinyData.test.count }, (_, i) => i),
      );
      expect(kept.dataSync()).toEqual(byHand);
      kept.dispose();
      store.close();
    }
    for (const one of [student, read, source]) one.dispose();
  });

  test("without one is under the data's, and the first step starts where the weights were learnt", async () => {
    const source = new Network(tinyArchitecture, new Rng(8));
    const tensors = saveState(source);
    // Too slow to change anything: what is measured is the source.
    const still = { ...short, learningRate: 1e-12, weightDecay: 0 };
    const warm = await retrain(tinyArchitecture, tinyData, { ...still, warmStart: { name: "x", tensors } });
    expect(warm.preprocessing).toEqual(tinyData.preprocessing);
    const own = await retrain(tinyArchitecture, tinyData, {
      ...still,
      warmStart: { name: "x", tensors, preprocessing: FOREIGN },
    });
    expect(own.history.epochs[0].loss).not.toBeCloseTo(warm.history.epochs[0].loss, 3);
    for (const one of [warm, own, source]) one.dispose();
  });

  test("under numbers that cannot be is refused", async () => {
    const source = new Network(tinyArchitecture, new Rng(8));
    const warmStart = { name: "x", tensors: saveState(source), preprocessing: { mean: [Number.NaN], std: [1] } };
    await expect(retrain(tinyArchitecture, tinyData, { ...short, warmStart })).rejects.toThrow(
      /warmStart: preprocessing must have a finite mean/,
    );
    source.dispose();
  });
});
