import { Rng } from "../../core";
import { orderedSearcher, type Predictor, progressiveSearcher, type Searcher, smboSearcher } from "../../search";
import type { Space } from "../../space";
import { searchTable } from "../search-comparison";
import { changesText } from "../search-comparison/search-table";
import { type PnasBenchmark, predictorOf, triedPredictor } from "./pnas-benchmark";
import { type PnasMethod, STUDY, type TriedName } from "./settings";

/** A search as it is stored. */
export interface SearchRun {
  readonly seed: number;
  /** When the best validation accuracy seen changed, see `changesText`. */
  readonly changes: string;
  readonly evaluations: number;
}

/** One search of one seed. */
export function runSearchOf(method: PnasMethod, benchmark: PnasBenchmark, seed: number): SearchRun {
  const all = STUDY.evaluations[benchmark.name];
  const most = method === "pnas" ? Math.min(all, STUDY.longest) : all;
  return searched(searcherOf(method, benchmark, seed), benchmark, seed, most);
}

/** A progressive search with an MLP ensemble of other settings. */
export function runTried(name: TriedName, benchmark: PnasBenchmark, seed: number): SearchRun {
  const predictor = triedPredictor(name, benchmark, seed);
  return searched(grown(benchmark, predictor, seed), benchmark, seed, STUDY.longest);
}

function searched(searcher: Searcher<string>, { evaluator }: PnasBenchmark, seed: number, most: number): SearchRun {
  const { changes, evaluations } = searchTable(searcher, evaluator, most);
  return { seed, changes: changesText(changes), evaluations };
}

function grown({ growth }: PnasBenchmark, predictor: Predictor<string>, seed: number): Searcher<string> {
  return progressiveSearcher(growth, { maximise: "validation", seed, predictor, beam: STUDY.beam, goesOn: true });
}

function searcherOf(method: PnasMethod, benchmark: PnasBenchmark, seed: number): Searcher<string> {
  const goal = { maximise: "validation", seed };
  const { beam } = STUDY;
  switch (method) {
    case "random": {
      const { complete } = benchmark;
      const order = new Rng(seed).fork(`pnas/random/${benchmark.name}`).permutation(complete.length);
      return orderedSearcher(
        benchmark.growth,
        Array.from(order, (i) => complete[i]),
      );
    }
    case "pnas":
    case "pnas-ridge": {
      const predictor = predictorOf(method === "pnas" ? "mlp-ensemble" : "ridge", benchmark, seed);
      return grown(benchmark, predictor, seed);
    }
    case "smbo-ridge": {
      // As many at first as PNAS has of the smallest size, and as many a round; but of complete cells.
      const initial = [...benchmark.growth.smallest()].length;
      const predictor = predictorOf("ridge", benchmark, seed);
      return smboSearcher(completeCells(benchmark), { ...goal, predictor, initial, batch: beam, pool: 1000, near: 0 });
    }
  }
}

/** The complete cells as a space to draw from. A table has no neighbours of its cells: a change is another draw. */
function completeCells({ complete, growth }: PnasBenchmark): Space<string, string> {
  return {
    name: `${growth.name}-complete`,
    key: (key) => key,
    sample: (rng) => rng.pick(complete),
    mutate(cell, rng) {
      const others = complete.filter((one) => one !== cell);
      return others.length > 0 ? rng.pick(others) : cell;
    },
    architecture: (key) => key,
  };
}
