import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { type Dataset, openSet, syntheticFaces, takeBatch } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { ArcFace, CellNetwork, unitVectors } from "../../src/nn";
import { pocketNet } from "../../src/space";
import {
  type EmbeddingOptions,
  type EmbeddingTeacher,
  embed,
  embeddingTeacher,
  epochFile,
  pairCosines,
  rememberedTeacher,
  trainEmbedding,
} from "../../src/train";

const EPOCHS = 3;
let folder: string;
let data: Dataset;
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  folder = mkdtempSync(join(tmpdir(), "embedding-"));
  process.env.BLOCKWISE_CACHE = join(folder, "cache");
  const faces = await syntheticFaces({ identities: 12, pictures: 12, side: 16 });
  data = openSet(faces, { seed: 1, strangers: 2, validationCount: 10, testCount: 10 }).known;
});
afterAll(() => {
  delete process.env.BLOCKWISE_CACHE;
  rmSync(folder, { recursive: true, force: true });
});

const network = (seed: number) =>
  new CellNetwork(
    pocketNet("p", { channels: 4, layers: 3, embedding: 8, headChannels: 16, input: data.shape }),
    new Rng(seed),
  );

async function trained(seed: number, given: Partial<EmbeddingOptions> = {}) {
  const own = network(seed);
  const head = new ArcFace({ features: 8, classes: data.classes.length, scale: 16, margin: 0.2 }, new Rng(seed));
  const options = { seed, epochs: EPOCHS, batchSize: 20, learningRate: 0.05, ...given };
  try {
    const history = await trainEmbedding(own, head, data, options);
    return { history, embeddings: await embed(own, data.train, data) };
  } finally {
    own.dispose();
    head.dispose();
  }
}

const figures = ({ history }: Awaited<ReturnType<typeof trained>>) => history.map(({ durationMs: _, ...rest }) => rest);

describe("training of an embedding", () => {
  it("lowers ArcFace's loss, gives unit vectors, and is the same from the same seed", async () => {
    const before = tf.memory().numTensors;
    const first = await trained(1);
    expect(tf.memory().numTensors).toBe(before);
    expect(first.history.at(-1)!.identityLoss).toBeLessThan(first.history[0].identityLoss);
    const { values, features } = first.embeddings;
    expect(features).toBe(8);
    expect(values.subarray(0, 8).reduce((sum, value) => sum + value * value, 0)).toBeCloseTo(1, 5);
    expect(pairCosines(first.embeddings, [{ first: 3, second: 3 }])[0]).toBeCloseTo(1, 5);
    expect(figures(await trained(1))).toEqual(figures(first));
  });

  it("refuses a head of other identities, and mixed images", async () => {
    const own = network(1);
    const head = new ArcFace({ features: 8, classes: 99 }, new Rng(1));
    await expect(trainEmbedding(own, head, data, { seed: 1, epochs: 1 })).rejects.toThrow(/head must have 10 classes/);
    await expect(trained(1, { augment: { mixup: 0.2 } })).rejects.toThrow(/without mixup/);
    tf.dispose([...own.parameters().values(), ...head.parameters().values()]);
  });
});

describe("distillation of an embedding", () => {
  let files: string[];
  let own: CellNetwork;
  beforeAll(async () => {
    const keepEpochs = join(folder, "teacher");
    await trained(9, { keepEpochs });
    files = Array.from({ length: EPOCHS }, (_, i) => epochFile(keepEpochs, i + 1));
  });
  beforeEach(() => {
    own = network(9);
    return () => own.dispose();
  });

  it("learns from the teacher of the same epoch in several steps, from its last one otherwise", async () => {
    const images = tf.tidy(() => tf.zeros([2, 16, 16, 3]) as tf.Tensor4D);
    const teacher = embeddingTeacher(own, { files, weight: 10 });
    const final = embeddingTeacher(network(9), { files: files.slice(-1), weight: 10 });
    const at = (one: EmbeddingTeacher, epoch: number) => [...one.at(epoch)(images, Uint32Array.of(0, 1)).dataSync()];
    expect(at(teacher, 0)).not.toEqual(at(teacher, 2));
    expect(at(teacher, 2)).toEqual(at(final, 0));
    expect(at(final, 2)).toEqual(at(final, 0));
    expect(() => teacher.at(3)).toThrow(/a file must be there for each epoch, got 3 for epoch 4/);
    images.dispose();
  });

  it("brings the student nearer to the teacher than training without it", async () => {
    const distance = async (given: Partial<EmbeddingOptions>) => {
      const { embeddings } = await trained(2, given);
      const target = await embed(own, data.train, data);
      let sum = 0;
      for (let i = 0; i < target.values.length; i++) sum += (target.values[i] - embeddings.values[i]) ** 2;
      return sum / target.values.length;
    };
    const teacher = embeddingTeacher(own, { files: files.slice(-1), weight: 200 });
    teacher.at(0);
    const alone = await distance({});
    expect(await distance({ teacher })).toBeLessThan(0.8 * alone);
  });

  it("has the same targets from a teacher that remembers the images as from one that looks at them", async () => {
    const places = Uint32Array.of(7, 0, 33);
    const { images } = takeBatch(data.train, places, data);
    const states = { files, weight: 10 };
    const [remembered, looking] = [await rememberedTeacher(own, states, data), embeddingTeacher(own, states)];
    expect(remembered.name).toBe(looking.name);
    for (const epoch of [0, 2]) {
      const [a, b] = [remembered, looking].map((one) => unitVectors(one.at(epoch)(images, places)).dataSync());
      expect(Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))).toBeLessThan(1e-5);
    }
    await expect(trained(3, { teacher: remembered, augment: { flip: true } })).rejects.toThrow(/without augment/);
  });

  it("that was stopped ends as one that was not; a state of another teacher is refused", async () => {
    const teacher = embeddingTeacher(own, { files, weight: 10 });
    const whole = await trained(4, { teacher });
    const checkpoint = join(folder, "student.safetensors");
    const controller = new AbortController();
    const stopping = network(4);
    const head = new ArcFace({ features: 8, classes: 10, scale: 16, margin: 0.2 }, new Rng(4));
    const options = { seed: 4, epochs: EPOCHS, batchSize: 20, learningRate: 0.05, teacher, checkpoint };
    const onProgress = ({ done }: { done: number }) => {
      if (done === 8) controller.abort();
    };
    await expect(
      trainEmbedding(stopping, head, data, options, { signal: controller.signal, onProgress }),
    ).rejects.toThrow(/stopped/);
    expect(figures(await trained(4, { teacher, checkpoint }))).toEqual(figures(whole));
    const other = embeddingTeacher(own, { files: files.slice(-1), weight: 10 });
    await expect(trained(4, { teacher: other, checkpoint })).rejects.toThrow(/must belong to this training/);
    stopping.dispose();
    head.dispose();
  });
});
