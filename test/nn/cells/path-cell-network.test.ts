import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Rng } from "../../../src/core";
import { engine, tf } from "../../../src/engine";
import { CellNetwork, loadState, PathCellNetwork, saveState } from "../../../src/nn";
import { type CellOp, parseCell } from "../../../src/space";
import { smallCsnasNetwork } from "../../../src/systems/csnas";

const cell = (text: string) => parseCell(text, { output: "all" });
const OPS: readonly CellOp[] = ["sep3", "skip"];
let paths: PathCellNetwork;
let images: tf.Tensor4D;

beforeAll(() => {
  engine.use("auto", { threads: 1 });
  paths = new PathCellNetwork({ ops: OPS, nodes: 2 }, (mixture) => smallCsnasNetwork(mixture), new Rng(1));
  const { height, width, channels } = smallCsnasNetwork(cell("skip(0)|skip(1)")).input;
  images = tf.randomUniform([4, height, width, channels], 0, 1, "float32", 3) as tf.Tensor4D;
});
afterAll(() => {
  paths.dispose();
  images.dispose();
});

const logits = (network: CellNetwork) =>
  tf.tidy(() => [...(network.logits(images, { mode: "batch" }) as tf.Tensor).dataSync()]);

describe("a network of paths", () => {
  it("computes nothing before a path is taken", () => {
    const fresh = new PathCellNetwork({ ops: OPS, nodes: 2 }, (of) => smallCsnasNetwork(of), new Rng(2));
    expect(() => logits(fresh)).toThrow(/a path must be taken/);
    fresh.dispose();
  });

  it("is, whatever path is taken, the network of that cell with the weights that they share", () => {
    const texts = [
      "skip(0)+skip(1)|skip(0)+skip(2)",
      "sep3(0)|skip(1)",
      "sep3(1)+skip(1)|sep3(2)",
      "skip(1)|sep3(0)+sep3(1)",
    ];
    for (const text of texts) {
      const alone = new CellNetwork(smallCsnasNetwork(cell(text)), new Rng(3));
      const shared = saveState(paths);
      /** In the mixture a node has both operations from each state before it. */
      const inMixture = (name: string) =>
        name.replace(/\.node(\d+)\.(\d+)\./, (_, node: string, edge: string) => {
          const { op, from } = cell(text).nodes[Number(node) - 2][Number(edge)];
          return `.node${node}.${2 * from + OPS.indexOf(op)}.`;
        });
      loadState(alone, new Map([...saveState(alone).keys()].map((name) => [name, shared.get(inMixture(name))!])));
      paths.take(cell(text));
      const [expected, got] = [logits(alone), logits(paths)];
      for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 4);
      alone.dispose();
    }
  });

  it("gives each path its own answer, and the same again after others", () => {
    const texts = ["sep3(0)|skip(1)", "sep3(0)|sep3(1)", "skip(0)+sep3(1)|skip(2)", "sep3(1)|skip(1)"];
    const answers = () =>
      texts.map((text) => {
        paths.take(cell(text));
        return logits(paths).join();
      });
    const first = answers();
    expect(new Set(first).size).toBe(texts.length);
    expect(answers()).toEqual(first);
  });

  it("refuses what is no cell of its mixture", () => {
    expect(() => paths.take(cell("sep5(0)|skip(1)"))).toThrow(/must have different operations of sep3, skip/);
    expect(() => paths.take(cell("skip(0)+skip(0)|skip(1)"))).toThrow(/must have different operations/);
    expect(() => paths.take(cell("skip(0)"))).toThrow(/must have 2 nodes/);
  });
});
