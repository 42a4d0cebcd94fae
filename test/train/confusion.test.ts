import { beforeAll, expect, test } from "vitest";
import { Rng, TrainingError } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { LabConfusion } from "../../src/lab/values/confusion";
import { Network } from "../../src/nn";
import { Confusion, confusionOf, evaluate } from "../../src/train";
import { figureBundle } from "../../src/viz";
import { tinyArchitecture, tinyData } from "../teacher/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

/** Logits that say one class. */
const saying = (classes: number, answer: number) => Array.from({ length: classes }, (_, c) => (c === answer ? 1 : 0));

/** Three of the first class (one taken for the second), two of the second, none of the third. */
function small(): Confusion {
  const confusion = new Confusion(3);
  confusion.add(
    [0, 0, 1, 1, 1].flatMap((answer) => saying(3, answer)),
    [0, 0, 0, 1, 1],
  );
  return confusion;
}

test("answers are counted by class; a class without images is not measured, never 0", () => {
  const confusion = small();
  expect([confusion.count, confusion.correct, confusion.correctOfFive]).toEqual([5, 4, 5]);
  expect(confusion.scores()[2]).toEqual({ label: 2, count: 0, correct: 0, answered: 0 });
  expect(confusion.mistakes()).toEqual([{ label: 0, answer: 1, count: 1 }]);
  const view = new LabConfusion(confusion, ["cat", "dog", "owl"], "a network");
  expect([view.accuracy, view.topFive]).toEqual([0.8, 1]);
  expect(view.meanOfClasses).toBeCloseTo((2 / 3 + 1) / 2, 10);
  expect(view.table().rows).toEqual([
    ["cat", 2, 1, 0, "66.67 %"],
    ["dog", 0, 2, 0, "100.00 %"],
    ["owl", 0, 0, 0, "not measured"],
  ]);
  expect(view.perClass().rows[2].slice(0, 5)).toEqual(["owl", 0, "not measured", null, "never answered"]);
  // Wilson's interval of 2 of 3.
  expect(view.perClass().rows[0]).toEqual(["cat", 3, "66.67 %", "20.8 to 93.9 %", "100.00 %", "dog (1)"]);
});

test("top-5 counts the five highest logits, of equal ones the first classes", () => {
  const confusion = new Confusion(8);
  const rising = [1, 2, 3, 4, 5, 6, 7, 8];
  confusion.add([...rising, ...rising, ...Array(8).fill(0), ...Array(8).fill(0)], [3, 2, 4, 5]);
  expect([confusion.count, confusion.correctOfFive, confusion.correct]).toEqual([4, 2, 0]);
});

test("a thousand classes have tables of mistakes, and no matrix of a million squares", () => {
  const confusion = new Confusion(1000);
  confusion.add([...saying(1000, 7), ...saying(1000, 999)], [7, 3]);
  const view = new LabConfusion(
    confusion,
    Array.from({ length: 1000 }, (_, i) => `c${i}`),
    "a network",
  );
  expect(view.table().rows).toEqual([["c3", "c999", 1, "100.0"]]);
  expect(() => view.figure()).toThrow(/room for 30 classes, got 1000; take confusion.mistakes\(\)/);
});

test("a network's answers are those of `evaluate`, and logits that are not finite are refused", async () => {
  const network = new Network(tinyArchitecture, new Rng(1));
  const confusion = await confusionOf(network, tinyData.test, tinyData);
  const { correct, count } = await evaluate(network, tinyData.test, tinyData);
  expect([confusion.correct, confusion.count, confusion.correctOfFive]).toEqual([correct, count, count]);
  const scores = confusion.scores();
  expect(scores.reduce((sum, score) => sum + score.answered, 0)).toBe(count);
  network.dispose();
  const broken = { logits: (x: tf.Tensor4D) => tf.fill([x.shape[0], 4], Number.NaN) as tf.Tensor2D };
  await expect(confusionOf(broken, tinyData.test, tinyData)).rejects.toThrow(TrainingError);
});

test("figures show matrix and accuracies in all forms", async () => {
  const view = new LabConfusion(small(), ["<cat>", "dog", "owl"], "a network");
  for (const figure of [view.figure(), view.perClassFigure()]) {
    const bundle = await figureBundle(figure.figure, false);
    expect(bundle["image/svg+xml"]).toMatch(/<svg/);
    expect(JSON.stringify(figure.figure)).not.toMatch(/<cat>/);
  }
});
