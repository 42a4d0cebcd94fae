import { beforeAll, describe, expect, test } from "vitest";
import { BlockSupernet, distillBlock, memoryCheckpoints, resolveDistillOptions } from "../../src/distill";
import { distillFingerprint } from "../../src/distill/cell-checkpoint";
import { engine, tf } from "../../src/engine";
import { saveState } from "../../src/nn";
import { tinyFeatures, tinySpace } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const space = tinySpace();
const features = tinyFeatures(space, 24);
const given = { epochs: 2, batchSize: 8 };

const losses = async (options: object, source = features) => {
  const { supernet, history } = await distillBlock(space, 1, source, { ...given, ...options }, { workers: 0 });
  supernet.dispose();
  return history.map((cell) => cell.map(({ loss }) => loss));
};
/** The same features, one channel of the block's output in other units. */
const stretched = (by: number) => ({
  ...features,
  batch: (boundary: number, positions: ArrayLike<number>) => {
    const maps = features.batch(boundary, positions);
    if (boundary !== 2) return maps;
    return tf.tidy(() => tf.mul(maps, [by, 1, 1, 1, 1, 1])) as tf.Tensor4D;
  },
});

describe("initialWeights", () => {
  test("fan-in: every kernel within 1 / sqrt(fan-in) and spread over it; fan-out as without the option", () => {
    const [usual, named, small] = [undefined, "fan-out", "fan-in"].map(
      (initialWeights) => new BlockSupernet(space, 0, 3, initialWeights as "fan-in"),
    );
    const values = (of: BlockSupernet) => [...saveState(of.cells[1])].map(([name, { data }]) => [name, [...data]]);
    expect(values(named)).toEqual(values(usual));
    for (const [name, variable] of small.cells[1].parameters()) {
      if (variable.rank < 2) continue;
      // [height, width, in, out], of depthwise kernels [height, width, channels, 1], of linear ones [in, out].
      const outputs = variable.shape[name.endsWith("depthwise.kernel") ? 2 : variable.rank - 1] as number;
      const bound = 1 / Math.sqrt(variable.size / outputs);
      const most = Math.max(...variable.dataSync().map(Math.abs));
      expect(most, name).toBeLessThanOrEqual(bound * (1 + 1e-6));
      expect(most, name).toBeGreaterThan(bound / 2);
    }
    for (const supernet of [usual, named, small]) supernet.dispose();
  });

  test("a distillation begins from them", async () => {
    expect(await losses({ initialWeights: "fan-in" })).not.toEqual(await losses({}));
  });
});

describe("targetScale", () => {
  test("channel: the loss does not depend on a channel's units beyond what the student has to grow", async () => {
    const checkpoints = memoryCheckpoints();
    const { numTensors } = tf.memory();
    const { supernet } = await distillBlock(
      space,
      1,
      features,
      { ...given, targetScale: "channel" },
      { workers: 0, checkpoints },
    );
    supernet.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    const [plain, plainStretched] = [await losses({}), await losses({}, stretched(100))];
    const [scaled, scaledStretched] = [
      await losses({ targetScale: "channel" }),
      await losses({ targetScale: "channel" }, stretched(100)),
    ];
    for (const [cell, [loss]] of plain.entries()) {
      // The squared error follows the square of the units; divided by the deviation, it stays where it was.
      expect(plainStretched[cell][0] / loss).toBeGreaterThan(10);
      expect(scaledStretched[cell][0] / scaled[cell][0]).toBeLessThan(3);
    }
  });
});

test("states of before these options keep their names: defaults are no part of a fingerprint", () => {
  const options = resolveDistillOptions(given);
  const { initialWeights: _, targetScale: __, ...older } = options;
  const named = (of: object) => distillFingerprint(space, 1, 0, features, of as typeof options);
  expect(named({ ...older, initialWeights: "fan-out", targetScale: "none" })).toBe(named(options));
  // As the version before these options named it.
  expect(named(options)).toBe("3f9b9af93db22fbe");
});
