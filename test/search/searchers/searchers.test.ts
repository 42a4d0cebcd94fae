import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core";
import {
  bestTrial,
  evolutionSearcher,
  hyperband,
  nsga2Searcher,
  type Outcome,
  orderedSearcher,
  type PredictedValue,
  progressiveSearcher,
  randomSearcher,
  type Searcher,
  smboSearcher,
  successiveHalving,
  type Trial,
  tpeSearcher,
} from "../../../src/search";
import { nasBench201Cells } from "../../../src/space";

const space = nasBench201Cells();
const digits = (key: string) => Array.from(key, Number);
/** Best: all 4. */
const worth = (key: string) => digits(key).reduce((sum, digit) => sum + digit, 0);
const outcome = (key: string, values: Record<string, number> = {}): Outcome => ({
  values: { accuracy: worth(key), ...values },
  costs: { params: digits(key)[0] },
  fingerprint: key,
});

function run(
  searcher: Searcher<string>,
  count: number,
  of = (trial: Trial<string>) => outcome(trial.key),
): Trial<string>[] {
  const seen: Trial<string>[] = [];
  while (seen.length < count) {
    const trials = searcher.ask();
    if (trials.length === 0) break;
    for (const trial of trials) searcher.tell(trial, of(trial));
    seen.push(...trials);
  }
  return seen;
}
const best = (trials: readonly Trial<string>[]) => Math.max(...trials.map(({ key }) => worth(key)));
const exact = (architectures: readonly string[]): PredictedValue[] =>
  architectures.map((key) => ({ mean: worth(key), deviation: 0 }));
const goal = { maximise: "accuracy", seed: 1 };

describe("searchers", () => {
  const informed: [string, (seed: number) => Searcher<string>][] = [
    ["evolutionSearcher", (seed) => evolutionSearcher(space, { ...goal, seed, population: 20, sample: 5 })],
    ["tpeSearcher", (seed) => tpeSearcher(space, { ...goal, seed })],
    ["nsga2Searcher", (seed) => nsga2Searcher(space, { maximise: ["accuracy"], seed, population: 20, mutation: 0.5 })],
    [
      "smboSearcher",
      (seed) => smboSearcher(space, { ...goal, seed, predictor: { name: "exact", fit: () => {}, predict: exact } }),
    ],
  ];

  it.each(informed)("%s finds better architectures than random search where genes add up", (_, create) => {
    const seeds = [1, 2, 3, 4, 5];
    const mean = (of: (seed: number) => Searcher<string>) =>
      seeds.reduce((sum, seed) => sum + best(run(of(seed), 120)), 0) / seeds.length;
    expect(mean(create)).toBeGreaterThan(mean((seed) => randomSearcher(space, { ...goal, seed })));
  });

  it("do not ask an architecture twice unless they are told to", () => {
    const different = (repeats: boolean) =>
      new Set(run(evolutionSearcher(space, { ...goal, population: 5, sample: 5, repeats }), 150).map(({ key }) => key))
        .size;
    expect(different(false)).toBe(150);
    expect(different(true)).toBeLessThan(150);
  });

  it("refuse options that are unknown, out of range or missing, and outcomes without their value", () => {
    expect(() => randomSearcher(space, { ...goal, sed: 1 } as never)).toThrow(/did you mean seed/);
    expect(() => randomSearcher(space, { maximise: "accuracy" } as never)).toThrow(/seed must be a whole number/);
    expect(() => randomSearcher(space, { seed: 1 })).toThrow(/one of maximise and minimise/);
    expect(() => randomSearcher(space, { ...goal, minimise: "params" })).toThrow(/got both/);
    expect(() => evolutionSearcher(space, { ...goal, population: 0 })).toThrow(ConfigError);
    expect(() => nsga2Searcher(space, { seed: 1 })).toThrow(/at least one/);
    expect(() => smboSearcher(space, goal as never)).toThrow(/predictor must be/);
    expect(() => successiveHalving(space, { ...goal, budgets: [{ epochs: 3 }, { epochs: 1 }] })).toThrow(/must rise/);
    expect(() => successiveHalving(space, goal as never)).toThrow(/must rise/);
    expect(() => tpeSearcher({ ...space, genes: undefined }, goal)).toThrow(/must have genes/);
    const searcher = randomSearcher(space, { maximise: "validation", seed: 1 });
    const [trial] = searcher.ask();
    expect(() => searcher.tell(trial, outcome(trial.key))).toThrow(
      /must have the value "validation", and have accuracy, params/,
    );
    // What was refused can be told rightly.
    searcher.tell(trial, outcome(trial.key, { validation: 1 }));
  });

  it("may minimise a cost", () => {
    const seen = run(evolutionSearcher(space, { minimise: "params", seed: 1, population: 10 }), 60);
    expect(seen.slice(-20).filter(({ key }) => key[0] === "0").length).toBeGreaterThan(10);
  });
});

describe("what a searcher is given", () => {
  const predictor = { name: "exact", fit: () => {}, predict: exact };
  const makers: Record<string, (given: never) => unknown> = {
    randomSearcher: (given) => randomSearcher(given, goal),
    evolutionSearcher: (given) => evolutionSearcher(given, goal),
    tpeSearcher: (given) => tpeSearcher(given, goal),
    smboSearcher: (given) => smboSearcher(given, { ...goal, predictor }),
    nsga2Searcher: (given) => nsga2Searcher(given, { seed: 1, maximise: ["accuracy"] }),
    successiveHalving: (given) => successiveHalving(given, { ...goal, budgets: [{ epochs: 1 }] }),
    orderedSearcher: (given) => orderedSearcher(given, []),
    progressiveSearcher: (given) => progressiveSearcher(given, { seed: 1, maximise: "accuracy", predictor, beam: 2 }),
  };

  it.each(Object.entries(makers))("%s says what a space is when it is given none", (name, make) => {
    for (const none of [undefined, null, "nas-bench-201", {}, { key: 1 }] as never[]) {
      expect(() => make(none)).toThrow(ConfigError);
      expect(() => make(none)).toThrow(new RegExp(`^${name}: space must be one with`));
    }
  });

  it.each([
    ["randomSearcher", () => randomSearcher(space, goal)],
    ["nsga2Searcher", () => nsga2Searcher(space, { seed: 1, maximise: ["accuracy"] })],
    ["orderedSearcher", () => orderedSearcher(space, ["000001"])],
  ])("%s says what an outcome is when a trial is told without one, and takes it then", (name, create) => {
    const searcher: Searcher<string> = create();
    const [trial] = searcher.ask();
    for (const none of [undefined, null, 3, {}, { values: {} }] as never[]) {
      expect(() => searcher.tell(trial, none)).toThrow(ConfigError);
      expect(() => searcher.tell(trial, none)).toThrow(
        `${name}: a trial's outcome must be { values, costs, fingerprint }`,
      );
    }
    expect(() => searcher.tell(undefined as never, outcome("000001"))).toThrow(/must be given a trial that ask gave/);
    searcher.tell(trial, outcome(trial.key));
  });
});

describe("bestTrial", () => {
  const trial = (id: number, accuracy: number, budget?: Trial<string>["budget"]) => ({
    trial: { id, architecture: "000000", key: "000000", budget },
    outcome: { values: { accuracy }, costs: {}, fingerprint: "" },
  });

  it("is the best of the largest budget; NaN never wins, of equals the first does", () => {
    const told = [trial(0, Number.NaN), trial(1, 5), trial(2, 7), trial(3, 7)];
    expect(bestTrial(told, { maximise: "accuracy" })?.trial.id).toBe(2);
    expect(bestTrial(told, { minimise: "accuracy" })?.trial.id).toBe(1);
    const budgets = [trial(0, 99, { epochs: 1 }), trial(1, 3, { epochs: 9 }), trial(2, 4, { epochs: 9 })];
    expect(bestTrial(budgets, { maximise: "accuracy" })?.trial.id).toBe(2);
  });

  it("is none where nothing was measured", () => {
    expect(bestTrial([trial(0, Number.NaN)], { maximise: "accuracy" })).toBeUndefined();
    expect(bestTrial([], { maximise: "accuracy" })).toBeUndefined();
  });
});

describe("evolutionSearcher", () => {
  it("has children that differ in one edge from one of the last of the population", () => {
    const seen = run(evolutionSearcher(space, { ...goal, population: 8, sample: 2 }), 60);
    for (let i = 8; i < seen.length; i++) {
      const differences = seen
        .slice(i - 8, i)
        .map(({ key }) => digits(key).filter((digit, at) => digit !== Number(seen[i].key[at])).length);
      expect(Math.min(...differences)).toBe(1);
    }
  });
});

describe("nsga2Searcher", () => {
  const limit = 1;
  const earlyExit = { of: (key: string) => digits(key)[0], limit };

  it("holds all of the first generation to the early exit, and counts what it refused", () => {
    const searcher = nsga2Searcher(space, {
      maximise: ["accuracy"],
      minimise: ["params"],
      seed: 1,
      population: 30,
      mutation: 1,
      earlyExit,
    });
    run(searcher, 90);
    const [first, second] = searcher.generations;
    expect(first.members).toHaveLength(30);
    expect(first.members.every(({ trial }) => digits(trial.key)[0] <= limit)).toBe(true);
    // 3 of 5 values of the first edge are refused.
    const rate = searcher.refused[0] / (searcher.refused[0] + 30);
    expect(rate).toBeGreaterThan(0.35);
    expect(rate).toBeLessThan(0.85);
    expect(second.members.some(({ trial }) => digits(trial.key)[0] > limit)).toBe(true);
  });

  it("holds children to it where told to", () => {
    const always = { ...earlyExit, children: true };
    const searcher = nsga2Searcher(space, { maximise: ["accuracy"], seed: 1, population: 10, earlyExit: always });
    expect(run(searcher, 50).every(({ key }) => digits(key)[0] <= limit)).toBe(true);
  });

  it("refuses an early exit without its limit, or without what is counted", () => {
    const create = (given: object) => () =>
      nsga2Searcher(space, { maximise: ["accuracy"], seed: 1, earlyExit: given as typeof earlyExit });
    expect(create({ of: earlyExit.of })).toThrow(/earlyExit: limit must be a number/);
    expect(create({ limit: 3 })).toThrow(/earlyExit: of must be a function/);
  });

  it("says so when nothing is within the limit", () => {
    const none = { of: () => 2, limit: 1 };
    expect(() => nsga2Searcher(space, { maximise: ["accuracy"], seed: 1, earlyExit: none }).ask()).toThrow(
      /raise the limit/,
    );
  });

  it("keeps as survivors the undominated of parents and children, as many as there is room for", () => {
    const searcher = nsga2Searcher(space, { maximise: ["accuracy"], minimise: ["params"], seed: 2, population: 12 });
    run(searcher, 60);
    for (const [i, { members, survivors }] of searcher.generations.entries()) {
      expect(survivors).toHaveLength(12);
      const pool = [...(searcher.generations[i - 1]?.survivors ?? []), ...members];
      const beats = (a: string, b: string) =>
        worth(a) >= worth(b) && digits(a)[0] <= digits(b)[0] && (worth(a) > worth(b) || digits(a)[0] < digits(b)[0]);
      const undominated = pool.filter((one) => !pool.some((other) => beats(other.trial.key, one.trial.key)));
      const kept = new Set(survivors.map(({ trial }) => trial.id));
      const missing = undominated.filter(({ trial }) => !kept.has(trial.id)).length;
      expect(missing).toBe(Math.max(0, undominated.length - 12));
    }
    const front = searcher.front().map(({ trial }) => trial.key);
    expect(front.length).toBeGreaterThan(0);
  });

  it("awaits a whole generation, in whatever order it is told", () => {
    const searchers = [0, 1].map(() => nsga2Searcher(space, { maximise: ["accuracy"], seed: 3, population: 6 }));
    const next = searchers.map((searcher, i) => {
      const trials = searcher.ask(10);
      expect(trials).toHaveLength(6);
      expect(searcher.ask()).toEqual([]);
      for (const trial of i === 0 ? trials : trials.reverse()) searcher.tell(trial, outcome(trial.key));
      return searcher.ask(6);
    });
    expect(next[1]).toEqual(next[0]);
  });
});

describe("smboSearcher", () => {
  it("proposes the pool's best guesses, the best first, and fits to what was measured only", () => {
    const fitted: number[][] = [];
    const predictor = {
      name: "recording",
      fit: (known: readonly { value: number }[]) => void fitted.push(known.map(({ value }) => value)),
      predict: exact,
    };
    const searcher = smboSearcher(space, { ...goal, predictor, initial: 6, batch: 3, pool: 50 });
    const seen = run(searcher, 12, ({ id, key }) => (id === 2 ? outcome(key, { accuracy: Number.NaN }) : outcome(key)));
    expect(fitted.map(({ length }) => length)).toEqual([5, 8]);
    for (const batch of [seen.slice(6, 9), seen.slice(9, 12)]) {
      const worths = batch.map(({ key }) => worth(key));
      expect(worths).toEqual([...worths].sort((a, b) => b - a));
    }
  });

  it("takes guesses that are NaN for none", () => {
    const predictor = {
      name: "nan",
      fit: () => {},
      predict: (all: readonly string[]) => all.map(() => ({ mean: Number.NaN, deviation: 0 })),
    };
    expect(run(smboSearcher(space, { ...goal, predictor, initial: 4 }), 12)).toHaveLength(12);
  });
});

describe("successiveHalving", () => {
  const budgets = [{ epochs: 1 }, { epochs: 3 }, { epochs: 9 }];

  it("sends the best third of each rung on, from where they stopped, and begins anew after the last", () => {
    const seen = run(successiveHalving(space, { ...goal, budgets }), 26);
    expect(seen.map(({ budget }) => budget!.epochs)).toEqual([
      ...[...Array(9).fill(1), 3, 3, 3, 9],
      ...[...Array(9).fill(1), 3, 3, 3, 9],
    ]);
    const first = seen.slice(0, 9);
    const sorted = [...first].sort((a, b) => worth(b.key) - worth(a.key) || a.id - b.id);
    expect(seen.slice(9, 12).map(({ from }) => from)).toEqual(sorted.slice(0, 3).map(({ id }) => id));
    expect(seen[12].key).toBe(sorted[0].key);
    expect(seen[12].from).toBe(9);
  });

  it("sends nothing on that was not measured", () => {
    const seen = run(successiveHalving(space, { ...goal, budgets }), 13, ({ id, key }) =>
      id < 8 ? outcome(key, { accuracy: Number.NaN }) : outcome(key),
    );
    expect(seen.slice(9, 11).map(({ from }) => from)).toEqual([8, 9]);
    expect(seen.slice(11).map(({ budget }) => budget!.epochs)).toEqual([1, 1]);
  });
});

it("hyperband goes through its brackets: many from the smallest budget on, to few with the largest alone", () => {
  const budgets = [{ epochs: 1 }, { epochs: 3 }, { epochs: 9 }];
  const seen = run(hyperband(space, { ...goal, budgets }), 23).map(({ budget }) => budget!.epochs);
  // Algorithm 1 of the paper for R = 9, eta = 3: 9, 3, 1; then 5, 1; then 3.
  expect(seen).toEqual([...Array(9).fill(1), 3, 3, 3, 9, ...Array(5).fill(3), 9, 9, 9, 9, 1]);
});
