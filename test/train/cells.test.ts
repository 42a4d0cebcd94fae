import { beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { syntheticDataset } from "../../src/data";
import { engine, tf } from "../../src/engine";
import { CellNetwork } from "../../src/nn";
import { type CellArchitecture, dartsNetwork, nasBench201, PUBLISHED_CELLS, pocketNet } from "../../src/space";
import { trainClassifier } from "../../src/train";

const data = syntheticDataset({ count: 256, validationCount: 64, testCount: 4 });
const scale = { input: data.shape, classes: data.classes.length };

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

describe("the training loop of all networks", () => {
  it.each<[string, () => CellArchitecture]>([
    ["EEEA-C's cells", () => dartsNetwork("eeea-c", PUBLISHED_CELLS["eeea-c"](), { channels: 4, layers: 3, ...scale })],
    ["a cell of NAS-Bench-201", () => nasBench201("334133", { channels: 4, cells: 1, ...scale })],
    [
      "PocketNet's cells, its embedding taken for logits",
      () => pocketNet("pocketnet", { channels: 4, layers: 3, embedding: scale.classes, input: { ...scale.input } }),
    ],
  ])("teaches a network of %s, the same from the same seed, and leaves nothing behind", async (_, build) => {
    const train = async () => {
      const network = new CellNetwork(build(), new Rng(1));
      const before = tf.memory().numTensors;
      const history = await trainClassifier(network, data, { seed: 1, epochs: 6, batchSize: 32, learningRate: 0.05 });
      expect(tf.memory().numTensors).toBe(before);
      network.dispose();
      return history;
    };
    const { accuracy, epochs } = await train();
    // Four classes: chance is 0.25.
    expect(accuracy).toBeGreaterThan(0.6);
    expect(epochs.at(-1)!.loss).toBeLessThan(0.7 * epochs[0].loss);
    expect((await train()).epochs.map(({ loss }) => loss)).toEqual(epochs.map(({ loss }) => loss));
  });
});
