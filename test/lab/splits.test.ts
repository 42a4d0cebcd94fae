import { expect, test } from "vitest";
import { ConfigError } from "../../src/core";
import { type LabSplitsOptions, lab } from "../../src/lab";
import { LabSplits } from "../../src/lab/values/splits";

const refused: [given: object, told: RegExp][] = [
  [{ budget: 0.5 }, /lab\.splits: blockCounts must be given/],
  [{ blockCounts: [2] }, /lab\.splits: budget must be given/],
  [{ blockCounts: [], budget: 0.5 }, /blockCounts must be a list of one or more/],
  [{ blockCounts: [2, 2], budget: 0.5 }, /different numbers of blocks/],
  [{ blockCounts: [1.5], budget: 0.5 }, /blockCounts must be/],
  [{ blockCounts: [2], budget: Number.NaN }, /budget must be/],
  [{ blockCounts: [2], budget: 0.5, rivals: 0 }, /rivals must be/],
  [{ blockCounts: [2], budget: 0.5, blockCount: 3 }, /blockCounts/],
];

test.each(refused)("refuses %j before anything is cut", async (given, told) => {
  const splitting = lab.splits({} as never, given as LabSplitsOptions);
  await expect(splitting).rejects.toThrow(ConfigError);
  await expect(splitting).rejects.toThrow(told);
});

test("the best number of blocks is that of the widest lead over random networks, not of the highest accuracy", () => {
  const round = (count: number, accuracy: number, rivals: number) => ({ count, accuracy, rivals });
  const splits = new LabSplits({} as never, [round(2, 0.9, 0.895), round(3, 0.88, 0.86)] as never);
  expect(splits.best.count).toBe(3);
  expect(splits.verdict()).toBe("3 blocks: 2.00 points above random networks of equal cost");
  expect(splits.accuracies()).toEqual({ "split into 2": 0.9, "split into 3": 0.88 });
});
