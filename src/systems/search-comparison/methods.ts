import { tuningKeys } from "../../benchmark";
import { macroKey, macroTable } from "../../benchmark/ranking";
import { Rng } from "../../core";
import { nasBench201Evaluator, nasBenchMacroEvaluator, type TableEvaluator } from "../../evaluate";
import { geneTokens, mlpPredictor, ridgePredictor } from "../../predictors";
import {
  allNetworks,
  evolutionSearcher,
  nsga2Searcher,
  orderedSearcher,
  randomSearcher,
  type Searcher,
  smboSearcher,
  successiveHalving,
  tpeSearcher,
} from "../../search";
import { nasBench201Cells, nasBenchMacroChains, type Space } from "../../space";
import type { StoredRatings } from "../../study/ranking";
import { COMPARISON_SETTINGS, type MethodName, type TableName } from "./settings";

/** A table of truth with its space, and ratings where there are any. */
export interface ComparedBenchmark {
  readonly name: TableName;
  readonly space: Space<string, unknown>;
  readonly evaluator: TableEvaluator;
  readonly ratings?: StoredRatings;
}

/** @param ratings Of NAS-Bench-Macro's candidates: the ranking study's; needed for block-wise search alone. */
export function comparedBenchmark(name: TableName, ratings?: StoredRatings): ComparedBenchmark {
  if (name === "macro") {
    return { name, space: nasBenchMacroChains(), evaluator: nasBenchMacroEvaluator(), ratings };
  }
  const data = name.slice("201-".length) as "cifar10" | "cifar100" | "imagenet16";
  return { name, space: nasBench201Cells(), evaluator: nasBench201Evaluator(data) };
}

/** Seeds of a method's runs on a table; none where it cannot be run there. */
export function seedsOf(method: MethodName, { ratings }: ComparedBenchmark): number[] {
  if (method === "size") return [1];
  const isBlockwise = method === "blockwise" || method === "blockwise-weighted";
  if (isBlockwise) return ratings?.raws.map(({ seed }) => seed) ?? [];
  return Array.from({ length: COMPARISON_SETTINGS.seeds }, (_, i) => i + 1);
}

/** A new searcher for one run. */
export function searcherOf(method: MethodName, benchmark: ComparedBenchmark, seed: number): Searcher<string> {
  const { space, evaluator } = benchmark;
  const goal = { maximise: "rating", seed };
  switch (method) {
    case "random":
      return randomSearcher(space, goal);
    case "evolution":
      return evolutionSearcher(space, { ...goal, ...COMPARISON_SETTINGS.evolution });
    case "tpe":
      return tpeSearcher(space, { ...goal, ...COMPARISON_SETTINGS.tpe });
    case "smbo":
      return smboSearcher(space, {
        ...goal,
        ...COMPARISON_SETTINGS.smbo,
        predictor: ridgePredictor(geneTokens(space)),
      });
    case "smbo-mlp": {
      const predictor = mlpPredictor(geneTokens(space), { seed, ...COMPARISON_SETTINGS.predictor });
      return smboSearcher(space, { ...goal, ...COMPARISON_SETTINGS.smboMlp, predictor });
    }
    case "nsga2":
      return nsga2Searcher(space, { seed, maximise: ["rating"], minimise: ["macs"], ...COMPARISON_SETTINGS.nsga2 });
    case "halving":
      return successiveHalving(space, { ...goal, ...COMPARISON_SETTINGS.halving, budgets: evaluator.budgets });
    case "size":
      return orderedSearcher(space, largestFirst(evaluator));
    case "blockwise":
      return orderedSearcher(space, bestRatedFirst(benchmark, seed));
    case "blockwise-weighted":
      return orderedSearcher(space, afterTuning(benchmark, seed));
  }
}

function largestFirst({ entries }: TableEvaluator): string[] {
  const size = (key: string) => entries.get(key)!.macs;
  return [...entries.keys()].sort((a, b) => size(b) - size(a) || (a < b ? -1 : 1));
}

/** All networks from the exact optimum of the ratings on. */
function bestRatedFirst({ ratings }: ComparedBenchmark, seed: number, weights?: readonly number[]): string[] {
  const { blocks, cuts } = ratings!.raws.find((raw) => raw.seed === seed)!;
  return allNetworks(macroTable(blocks, cuts, weights))
    .sort((a, b) => a.score - b.score)
    .map(macroKey);
}

/** The networks whose accuracies chose the weights are trained first, in random order: they are what that knowledge costs. */
function afterTuning(benchmark: ComparedBenchmark, seed: number): string[] {
  const keys = tuningKeys();
  const tuning = Array.from(new Rng(seed).fork("comparison/tuning").permutation(keys.length), (i) => keys[i]);
  const trained = new Set(tuning);
  const rated = bestRatedFirst(benchmark, seed, benchmark.ratings!.weights);
  return [...tuning, ...rated.filter((key) => !trained.has(key))];
}
