import { Rng } from "../../core";
import { orderedSearcher, progressiveSearcher, type Searcher, smboSearcher } from "../../search";
import type { Space } from "../../space";
import { searchTable } from "../search-comparison";
import { changesText } from "../search-comparison/search-table";
import { type MethodName, STUDY } from "./settings";
import { predictorOf, type World } from "./worlds";

/** A search as it is stored. */
export interface SearchRun {
  readonly seed: number;
  /** When the best validation accuracy seen changed, see `changesText`. */
  readonly changes: string;
  readonly evaluations: number;
}

/** One search of one seed. */
export function runSearchOf(method: MethodName, world: World, seed: number): SearchRun {
  const all = STUDY.evaluations[world.name];
  const most = method === "pnas" ? Math.min(all, STUDY.longest) : all;
  const { changes, evaluations } = searchTable(searcherOf(method, world, seed), world.evaluator, most);
  return { seed, changes: changesText(changes), evaluations };
}

function searcherOf(method: MethodName, world: World, seed: number): Searcher<string> {
  const goal = { maximise: "validation", seed };
  const { beam } = STUDY;
  switch (method) {
    case "random": {
      const { complete } = world;
      const order = new Rng(seed).fork(`pnas/random/${world.name}`).permutation(complete.length);
      return orderedSearcher(
        world.growth,
        Array.from(order, (i) => complete[i]),
      );
    }
    case "pnas":
    case "pnas-ridge": {
      const predictor = predictorOf(method === "pnas" ? "mlp-ensemble" : "ridge", world, seed);
      return progressiveSearcher(world.growth, { ...goal, predictor, beam, goesOn: true });
    }
    case "smbo-ridge": {
      // As many at first as PNAS has of the smallest size, and as many a round; but of complete cells.
      const initial = [...world.growth.smallest()].length;
      const predictor = predictorOf("ridge", world, seed);
      return smboSearcher(completeCells(world), { ...goal, predictor, initial, batch: beam, pool: 1000, near: 0 });
    }
  }
}

/** The complete cells as a space to draw from. A table has no neighbours of its cells: a change is another draw. */
function completeCells({ complete, growth }: World): Space<string, string> {
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
