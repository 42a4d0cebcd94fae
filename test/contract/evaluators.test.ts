import { beforeAll, describe, expect, it } from "vitest";
import {
  cellPairSpace,
  dartsNetwork,
  engine,
  nasBench201Cells,
  nasBench201Evaluator,
  nasBenchMacroChains,
  nasBenchMacroEvaluator,
  readTrueCells,
} from "../../src";
import { syntheticDataset } from "../../src/data";
import { trainedCells } from "../../src/evaluate";
import { evaluatorContract } from "./index";

const cells = readTrueCells();

describe.each(["cifar10", "cifar100", "imagenet16"] as const)("nasBench201Evaluator of %s", (data) => {
  const create = () => nasBench201Evaluator(data, cells);
  const values = ["rating", "validation", "test"];
  for (const { title, run } of evaluatorContract({ create, space: nasBench201Cells(), values })) it(title, run);
});

describe("nasBenchMacroEvaluator", () => {
  const values = ["rating", "validation", "test"];
  const of = { create: () => nasBenchMacroEvaluator(), space: nasBenchMacroChains(), values };
  for (const { title, run } of evaluatorContract(of)) it(title, run);
});

describe("trainedCells", () => {
  beforeAll(() => {
    engine.use("auto", { threads: 1 });
  });
  const data = syntheticDataset({ count: 64, validationCount: 32, testCount: 16 });
  const scale = { channels: 2, layers: 2, input: data.shape, classes: data.classes.length };
  const space = cellPairSpace({
    name: "tiny-pairs",
    ops: ["skip", "max3"],
    nodes: 1,
    reads: "one more each",
    output: "unused",
    network: (cells) => dartsNetwork("tiny-pairs", cells, scale),
  });
  const training = { epochs: 1, batchSize: 16, optimizer: "adam" as const, learningRate: 0.01 };
  const create = (more = {}) =>
    trainedCells({ name: "test", space, data, training: { ...training, ...more }, seed: 1 });
  for (const { title, run } of evaluatorContract({ create, space, values: ["validation", "test"] })) it(title, run);

  it("gives NaN, not an error, where a training diverges", async () => {
    const pair = space.decode(space.genes.map(() => 0));
    const { values, costs } = await create({ optimizer: "sgd", learningRate: 1e30 }).evaluate(pair);
    expect(values).toEqual({ validation: Number.NaN, test: Number.NaN });
    expect(costs.params).toBeGreaterThan(0);
  });
});
