import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ConfigError, Rng } from "../../../src/core";
import { edgeTokens, ridgePredictor } from "../../../src/predictors";
import {
  type Outcome,
  type PredictedValue,
  type Predictor,
  type ProgressiveOptions,
  progressiveSearcher,
  type Searcher,
  type Trial,
} from "../../../src/search";
import { type CellGraph, type CellOp, pnasNetwork, pnasSpace } from "../../../src/space";
import { searcherContract } from "../../contract";

const ops: CellOp[] = ["skip", "sep3", "max3"];
const space = pnasSpace({ ops, blocks: 3, network: (cell) => pnasNetwork("x", cell, { repeats: 1, channels: 4 }) });
const ridge = () => ridgePredictor(edgeTokens({ ops, states: 4 }));
const WORTH: Readonly<Record<string, number>> = { skip: 0, sep3: 2, max3: 1 };

/** Adds up operations: sep3 is best, and what reads later states is better; a little noise that the key decides. */
function worth(cell: CellGraph): number {
  const sum = cell.nodes.flat().reduce((total, { op, from }) => total + WORTH[op] + 0.1 * from, 0);
  return sum + new Rng(1).fork(space.key(cell)).uniform();
}

const evaluate = ({ architecture, key }: Trial<CellGraph>): Outcome => ({
  values: { accuracy: worth(architecture) },
  costs: {},
  fingerprint: key,
});

function search(searcher: Searcher<CellGraph>, trials: number, outcome = evaluate, batch = 5): Trial<CellGraph>[] {
  const seen: Trial<CellGraph>[] = [];
  while (seen.length < trials) {
    const asked = searcher.ask(Math.min(batch, trials - seen.length));
    if (asked.length === 0) break;
    seen.push(...asked);
    for (const trial of asked) searcher.tell(trial, outcome(trial));
  }
  return seen;
}

const goal = { maximise: "accuracy", beam: 7 };
const create = (seed: number, more: Partial<ProgressiveOptions<CellGraph>> = {}) =>
  progressiveSearcher(space, { ...goal, seed, predictor: ridge(), ...more });
const blocks = ({ architecture }: Trial<CellGraph>) => architecture.nodes.length;

describe("progressiveSearcher", () => {
  for (const { title, run } of searcherContract({ create, space, evaluate })) it(title, run);
  for (const { title, run } of searcherContract({
    create: (seed) => create(seed, { goesOn: true }),
    space,
    evaluate,
  })) {
    it(`${title}, where it goes on`, run);
  }

  it("evaluates all cells of one block, then as many of each size as told, each an extension of what it evaluated", () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 12 }), (seed, beam) => {
        const seen = search(create(seed, { beam }), Number.POSITIVE_INFINITY);
        expect(seen.map(blocks)).toEqual([
          ...Array.from({ length: 21 }, () => 1),
          ...Array.from({ length: beam }, () => 2),
          ...Array.from({ length: beam }, () => 3),
        ]);
        expect(new Set(seen.map(({ key }) => key)).size).toBe(seen.length);
        for (const trial of seen.filter((one) => blocks(one) > 1)) {
          const parents = seen.filter((one) => blocks(one) === blocks(trial) - 1);
          const grown = parents.flatMap(({ architecture }) => [...space.extend(architecture)].map(space.key));
          expect(grown).toContain(trial.key);
        }
      }),
      { numRuns: 8 },
    );
  });

  it("keeps the best predicted of all extensions, and fits to all that is known before each size", () => {
    const fits: number[] = [];
    const asked: CellGraph[][] = [];
    const oracle: Predictor<CellGraph> = {
      name: "oracle",
      fit: (known) => void fits.push(known.length),
      predict(cells): PredictedValue[] {
        asked.push([...cells]);
        return cells.map((cell) => ({ mean: worth(cell), deviation: 0 }));
      },
    };
    const seen = search(create(3, { predictor: oracle }), Number.POSITIVE_INFINITY);
    expect(fits).toEqual([21, 28]);
    for (const [i, size] of [2, 3].entries()) {
      const chosen = seen.filter((trial) => blocks(trial) === size).map(({ key }) => key);
      const parents = seen.filter((trial) => blocks(trial) === size - 1);
      const all = new Map(
        parents.flatMap(({ architecture }) => [...space.extend(architecture)]).map((cell) => [space.key(cell), cell]),
      );
      expect(new Set(asked[i].map(space.key))).toEqual(new Set(all.keys()));
      const best = [...all].sort((a, b) => worth(b[1]) - worth(a[1])).map(([key]) => key);
      expect(chosen).toEqual(best.slice(0, 7));
    }
  });

  it("prefers none of equal predictions: which are tried is drawn by the seed", () => {
    const same: Predictor<CellGraph> = {
      name: "same",
      fit: () => {},
      predict: (cells) => cells.map(() => ({ mean: 1, deviation: 0 })),
    };
    const second = (seed: number) =>
      search(create(seed, { predictor: same }), 28)
        .slice(21)
        .map(({ key }) => key);
    expect(second(1)).toEqual(second(1));
    expect(new Set(second(1))).not.toEqual(new Set(second(2)));
  });

  it("extends nothing that failed", () => {
    const failed = (trial: Trial<CellGraph>): Outcome =>
      trial.key.includes("sep3") ? { ...evaluate(trial), values: { accuracy: Number.NaN } } : evaluate(trial);
    const seen = search(create(4), Number.POSITIVE_INFINITY, failed);
    const parents = seen.filter((trial) => blocks(trial) === 1 && !trial.key.includes("sep3"));
    const grown = new Set(parents.flatMap(({ architecture }) => [...space.extend(architecture)].map(space.key)));
    for (const trial of seen.filter((one) => blocks(one) === 2)) expect(grown).toContain(trial.key);
  });

  it("goes on after the last size where it is told to, until every extension of what it evaluated was tried", () => {
    const tiny = pnasSpace({
      ops: ["skip"],
      blocks: 2,
      network: (cell) => pnasNetwork("x", cell, { repeats: 1, channels: 4 }),
    });
    const predictor = ridgePredictor(edgeTokens({ ops: ["skip"], states: 3 }));
    const whole = progressiveSearcher(tiny, { ...goal, beam: 2, seed: 1, predictor, goesOn: true });
    const seen = search(whole as Searcher<CellGraph>, 1000, ({ key }) => ({
      values: { accuracy: key.length },
      costs: {},
      fingerprint: key,
    }));
    const two = new Set(tiny.smallest().flatMap((cell) => [...tiny.extend(cell)].map(tiny.key)));
    expect(new Set(seen.slice(3).map(({ key }) => key))).toEqual(two);
    expect(seen).toHaveLength(3 + two.size);
  });

  it("refuses what it cannot do", () => {
    const options = { ...goal, seed: 1, predictor: ridge() };
    const wrong = [
      { ...options, beam: 0 },
      { ...options, beam: undefined },
      { ...options, predictor: undefined },
      { ...options, predictor: {} },
      { ...options, goesOn: 1 },
      { ...options, seed: undefined },
      { ...options, repeats: true },
      { ...options, bean: 3 },
    ];
    for (const one of wrong)
      expect(() => progressiveSearcher(space, one as never), JSON.stringify(one)).toThrow(ConfigError);
    expect(() => progressiveSearcher(space, { ...options, bean: 3 } as never)).toThrow(/did you mean beam/);
  });
});
