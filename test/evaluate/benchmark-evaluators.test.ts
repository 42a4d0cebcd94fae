import { describe, expect, it } from "vitest";
import { nasBench201Size, readTrueCells, readTruth } from "../../src/benchmark";
import { ConfigError, DataError, Rng } from "../../src/core";
import { cellNetworkCost, networkCost } from "../../src/cost";
import { nasBench201Evaluator, nasBenchMacroEvaluator } from "../../src/evaluate";
import { nasBench201, nasBenchMacro, nasBenchMacroChains } from "../../src/space";

const cells = readTrueCells();

describe("nasBench201Size", () => {
  it("is the benchmark's: 73,306 parameters without ops, 1,531,546 with 3x3 convolutions alone", () => {
    // The authors count 7.78305 and 220.11969 million, the classifier's ten biases included.
    expect(nasBench201Size("000000")).toEqual({ params: 73_306, macs: 7_783_040 });
    expect(nasBench201Size("333333")).toEqual({ params: 1_531_546, macs: 220_119_680 });
    expect(nasBench201Size("222222").params).toBe(73_306 + 6 * 5 * (16 ** 2 + 32 ** 2 + 64 ** 2 + 2 * (16 + 32 + 64)));
  });

  it("is what counting the whole network gives", () => {
    for (const { key } of cells.filter((_, i) => i % 2000 === 7)) {
      const { macs, params } = cellNetworkCost(nasBench201(key));
      expect(nasBench201Size(key)).toEqual({ macs, params });
    }
  });

  it("has a quarter of the convolutions' multiply-adds on images of half the size", () => {
    const linear = (classes: number) => 64 * classes;
    const [large, small] = [nasBench201Size("321043").macs, nasBench201Size("321043", "imagenet16").macs];
    expect(small - linear(120)).toBe((large - linear(10)) / 4);
  });
});

describe("nasBench201Evaluator", () => {
  it("has the table's best, by validation and by test", () => {
    const { entries } = nasBench201Evaluator("cifar10", cells);
    expect(entries.size).toBe(15_625);
    const all = [...entries.values()];
    expect(Math.max(...all.map(({ validation }) => validation))).toBe(84.89);
    expect(Math.max(...all.map(({ test }) => test))).toBe(89.16);
  });

  it("gives both accuracies with the usual budget, and only what the level says below it", async () => {
    const evaluator = nasBench201Evaluator("imagenet16", cells);
    const { imagenet16, cifar10 } = cells.find(({ key }) => key === "334131")!;
    expect((await evaluator.evaluate("334131")).values).toEqual({ ...imagenet16, rating: imagenet16.validation });
    expect(evaluator.levels).toEqual(["size", "cifar10", "validation"]);
    expect(evaluator.look("334131", { level: 1 }).values).toEqual({
      rating: nasBench201Size("334131", "imagenet16").macs,
    });
    expect(evaluator.look("334131", { level: 2 }).values).toEqual({ rating: cifar10.validation });
  });

  it("counts costs in trainings of the mean network; CIFAR-10's images are fewer and larger", () => {
    const evaluator = nasBench201Evaluator("imagenet16", cells);
    const mean = (level: number) =>
      cells.reduce((sum, { key }) => sum + evaluator.look(key, { level }).costs.trainings, 0) / cells.length;
    expect(mean(1)).toBe(0);
    expect(mean(3)).toBeCloseTo(1, 9);
    expect(mean(2)).toBeCloseTo((4 * 25_000) / 151_700, 9);
  });

  it("refuses data sets, keys and budgets that it does not know", async () => {
    expect(() => nasBench201Evaluator("cifar-10" as never, cells)).toThrow(/did you mean cifar10/);
    const evaluator = nasBench201Evaluator("cifar10", cells);
    expect(() => evaluator.look("33413")).toThrow(DataError);
    for (const level of [0, 3, 1.5]) expect(() => evaluator.look("334131", { level })).toThrow(ConfigError);
    await expect(evaluator.evaluate("334131", { epochs: 12 })).rejects.toThrow(/must be { level: 1 } to { level: 2 }/);
  });
});

describe("nasBenchMacroEvaluator", () => {
  it("shows a search the first training, and keeps the others for the report", () => {
    const { key, trainings } = readTruth().find((one) => one.key === "20111222")!;
    const { values } = nasBenchMacroEvaluator().look(key);
    expect(values.validation).toBe(trainings[0]);
    expect(values.test).toBeCloseTo((trainings[1] + trainings[2]) / 2, 9);
  });

  it("knows every network of the space, with the costs that we count", () => {
    const evaluator = nasBenchMacroEvaluator();
    const space = nasBenchMacroChains();
    const rng = new Rng(1);
    const seen = new Set<string>();
    for (let i = 0; i < 300; i++) {
      const key = space.sample(rng);
      seen.add(key);
      const { costs } = evaluator.look(key);
      if (i < 20) expect(costs.params).toBe(networkCost(nasBenchMacro(key)).params);
    }
    expect(seen.size).toBeGreaterThan(250);
  });
});
