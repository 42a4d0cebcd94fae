import { beforeAll, describe, expect, it } from "vitest";
import { Rng, SpaceError, ZeroRng } from "../../../src/core";
import { cellNetworkCost } from "../../../src/cost";
import { engine, tf } from "../../../src/engine";
import { CellNetwork, loadState, saveState } from "../../../src/nn";
import {
  type CellArchitecture,
  cellNames,
  cellPreset,
  dartsNetwork,
  nasBench201,
  PUBLISHED_CELLS,
} from "../../../src/space";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const countOf = (network: CellNetwork) =>
  [...network.parameters().values()].reduce((sum, variable) => sum + variable.size, 0);

const small = (classes = 4): CellArchitecture => ({
  ...dartsNetwork("small", PUBLISHED_CELLS["eeea-b"](), { channels: 4, layers: 3, classes }),
  input: { height: 8, width: 8, channels: 1 },
});

describe("a network of cells", () => {
  const narrow = (network: CellArchitecture): CellArchitecture => ({
    ...network,
    name: `${network.name}, an eighth as wide`,
    stack: network.stack.map((part) => ({ ...part, width: part.width >> 3 })),
  });
  const presets = cellNames()
    .slice(0, -1)
    // 86M parameters and their kind: an eighth of the width has every shape of it.
    .map((name) => (name === "pnasnet-5-large" ? narrow(cellPreset(name)) : cellPreset(name)));

  it.each([...presets, nasBench201("334133")].map((network) => [network.name, network] as const))(
    "%s has as many trained numbers as its cost says",
    (_, architecture) => {
      const network = new CellNetwork(architecture, new ZeroRng());
      expect(countOf(network)).toBe(cellNetworkCost(architecture).params);
      network.dispose();
    },
  );

  it("gives maps of the shape that the cost has for them, and logits for each image", () => {
    const architecture = small();
    const network = new CellNetwork(architecture, new Rng(1));
    tf.tidy(() => {
      const x = tf.randomNormal<tf.Rank.R4>([3, 8, 8, 1], 0, 1, "float32", 2);
      const map = network.forward(x, { mode: "batch" });
      const { height, width, channels } = cellNetworkCost(architecture).parts.at(-2)!.output;
      expect(map.shape).toEqual([3, height, width, channels]);
      expect(network.logits(x, { mode: "batch" }).shape).toEqual([3, 4]);
    });
    network.dispose();
  });

  it("leaves no tensor behind, in training and in use, and frees its own", () => {
    const before = tf.memory().numTensors;
    const network = new CellNetwork(small(), new Rng(1));
    const held = tf.memory().numTensors;
    const x = tf.randomNormal<tf.Rank.R4>([2, 8, 8, 1], 0, 1, "float32", 2);
    for (const mode of ["train", "eval", "recalibrate"] as const) network.logits(x, { mode }).dispose();
    const { value, grads } = tf.variableGrads(
      () => network.logits(x, { mode: "train" }).square().sum() as tf.Scalar,
      [...network.parameters().values()],
    );
    tf.dispose([value, ...Object.values(grads), x]);
    expect(tf.memory().numTensors).toBe(held);
    network.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it("is drawn from its seed, and answers the same with the state of another", () => {
    const [a, b, c] = [1, 1, 2].map((seed) => new CellNetwork(small(), new Rng(seed)));
    const x = tf.randomNormal<tf.Rank.R4>([2, 8, 8, 1], 0, 1, "float32", 2);
    const answers = [a, b, c].map((network) => network.logits(x, { mode: "eval" }).dataSync());
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]).not.toEqual(answers[2]);
    loadState(c, saveState(a));
    expect(c.logits(x, { mode: "eval" }).dataSync()).toEqual(answers[0]);
    for (const network of [a, b, c]) network.dispose();
  });

  it("a malformed architecture is refused before anything is drawn", () => {
    const before = tf.memory().numTensors;
    const broken = { ...small(), stack: [{ kind: "cell", cell: "normal2", width: 4, stride: 1 }] } as CellArchitecture;
    expect(() => new CellNetwork(broken, new Rng(1))).toThrow(SpaceError);
    expect(tf.memory().numTensors).toBe(before);
  });
});
