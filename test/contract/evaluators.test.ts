import { describe, it } from "vitest";
import {
  nasBench201Cells,
  nasBench201Evaluator,
  nasBenchMacroChains,
  nasBenchMacroEvaluator,
  readTrueCells,
} from "../../src";
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
