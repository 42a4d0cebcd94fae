import { describe, it } from "vitest";
import {
  chainSpace,
  evolutionSearcher,
  hyperband,
  nasBench201Cells,
  nsga2Searcher,
  type Outcome,
  orderedSearcher,
  type Predictor,
  Rng,
  randomSearcher,
  type Searcher,
  type Space,
  smboSearcher,
  spacePreset,
  stagedEvolution,
  successiveHalving,
  type Trial,
  tpeSearcher,
} from "../../src";
import { searcherContract } from "./index";

/** Knows what a gene's value was worth on average: cheap, and all that the contract needs. */
function means<A>(space: Space<A, unknown>): Predictor<A> {
  let sums = new Map<string, { sum: number; count: number }>();
  const places = (a: A) => space.encode!(a).map((value, i) => `${i}/${value}`);
  return {
    name: "means",
    fit(known) {
      sums = new Map();
      for (const { architecture, value } of known) {
        for (const place of places(architecture)) {
          const { sum, count } = sums.get(place) ?? { sum: 0, count: 0 };
          sums.set(place, { sum: sum + value, count: count + 1 });
        }
      }
    },
    predict: (all) =>
      all.map((a) => {
        const seen = places(a).flatMap((place) => sums.get(place) ?? []);
        return { mean: seen.reduce((total, { sum, count }) => total + sum / count, 0) / seen.length, deviation: 0 };
      }),
  };
}

const budgets = [{ epochs: 1 }, { epochs: 3 }, { epochs: 9 }];

/** Every searcher, on any space with genes. */
function searchers<A>(space: Space<A, unknown>): Record<string, (seed: number) => Searcher<A>> {
  const goal = { maximise: "accuracy" };
  return {
    randomSearcher: (seed) => randomSearcher(space, { ...goal, seed }),
    evolutionSearcher: (seed) => evolutionSearcher(space, { ...goal, seed, population: 10, sample: 3 }),
    nsga2Searcher: (seed) =>
      nsga2Searcher(space, { ...goal, maximise: ["accuracy"], minimise: ["size"], seed, population: 8 }),
    "nsga2Searcher without crossover": (seed) => {
      const { crossover: _, encode: __, decode: ___, genes: ____, ...bare } = space;
      return nsga2Searcher(bare, { minimise: ["size"], seed, population: 6, mutation: 1 });
    },
    "nsga2Searcher with early exit": (seed) => {
      const earlyExit = { of: (a: A) => space.encode!(a)[0], limit: 1, children: true };
      return nsga2Searcher(space, { maximise: ["accuracy"], minimise: ["size"], seed, population: 8, earlyExit });
    },
    smboSearcher: (seed) =>
      smboSearcher(space, { ...goal, seed, initial: 10, batch: 4, pool: 30, predictor: means(space) }),
    tpeSearcher: (seed) => tpeSearcher(space, { ...goal, seed, initial: 5 }),
    successiveHalving: (seed) => successiveHalving(space, { ...goal, seed, budgets }),
    hyperband: (seed) => hyperband(space, { ...goal, seed, budgets }),
    stagedEvolution: (seed) =>
      stagedEvolution(space, {
        ...goal,
        seed,
        stages: budgets,
        cycles: 3,
        initial: 6,
        parents: [3, 2, 1],
        promoted: [3, 1],
      }),
    orderedSearcher: () => {
      const rng = new Rng(4);
      return orderedSearcher(
        space,
        Array.from({ length: 40 }, () => space.sample(rng)),
      );
    },
  };
}

function suite<A>(space: Space<A, unknown>): void {
  const evaluate = ({ architecture, budget }: Trial<A>): Outcome => {
    const values = space.encode!(architecture);
    const size = values.reduce((sum, value) => sum + value, 0);
    const accuracy = values.reduce((sum, value, i) => sum + value * Math.cos(i), 0) + (budget?.epochs ?? 9) / 100;
    return { values: { accuracy, size }, costs: {}, fingerprint: space.key(architecture) };
  };
  describe.each(Object.entries(searchers(space)))(`%s on ${space.name}`, (name, create) => {
    const random = name !== "orderedSearcher";
    for (const { title, run } of searcherContract({ create, space, evaluate, random })) it(title, run);
  });
}

suite(nasBench201Cells());
suite(chainSpace(spacePreset("dna-mini")));
