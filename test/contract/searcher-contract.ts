import assert from "node:assert/strict";
import type { Outcome, Searcher, Space, Trial } from "../../src";
import type { ContractCheck } from "./contract";

export interface SearcherContractOptions<A> {
  /** A new searcher; equal seeds must give equal ones. */
  readonly create: (seed: number) => Searcher<A>;
  readonly space: Space<A, unknown>;
  /** What evaluating would give, of each value that the searcher goes by; must depend on the trial alone. */
  readonly evaluate: (trial: Trial<A>) => Outcome;
  /** Trials of a whole search. Default 60. */
  readonly trials?: number;
  /** Whether another seed gives other trials; false for searchers that draw nothing. Default true. */
  readonly random?: boolean;
}

/** What every {@link Searcher} must do. */
export function searcherContract<A>({
  create,
  space,
  evaluate,
  trials = 60,
  random = true,
}: SearcherContractOptions<A>): ContractCheck[] {
  /** Asks so many at a time and tells them all, until there are enough or it ends. */
  const search = (
    searcher: Searcher<A>,
    batch: number,
    outcome = evaluate,
    order: (of: Trial<A>[]) => Trial<A>[] = (of) => of,
  ) => {
    const seen: Trial<A>[] = [];
    while (seen.length < trials) {
      const asked = searcher.ask(Math.min(batch, trials - seen.length));
      if (asked.length === 0) break;
      seen.push(...asked);
      for (const trial of order(asked)) searcher.tell(trial, outcome(trial));
    }
    return seen;
  };
  const words = (of: readonly Trial<A>[]) =>
    of.map(({ id, key, budget, from }) => JSON.stringify({ id, key, budget, from }));
  return [
    {
      title: "numbers its trials from 0, with architectures of the space and their keys",
      run() {
        const seen = search(create(1), 4);
        assert.ok(seen.length > 0);
        for (const [i, { id, key, architecture }] of seen.entries()) {
          assert.equal(id, i);
          assert.equal(key, space.key(architecture));
          space.architecture(architecture);
        }
      },
    },
    {
      title: "proposes the same for the same seed",
      run: () => assert.deepEqual(words(search(create(3), 4)), words(search(create(3), 4))),
    },
    ...(random
      ? [
          {
            title: "proposes others for another seed",
            run: () => assert.notDeepEqual(words(search(create(1), 4)), words(search(create(2), 4))),
          },
        ]
      : []),
    {
      title: "asks n trials as it asks one, n times",
      run() {
        const [once, piecewise] = [create(5), create(5)];
        for (let round = 0; round < 6; round++) {
          const together = once.ask(7);
          const single = Array.from({ length: 7 }, () => piecewise.ask()).flat();
          assert.deepEqual(words(single), words(together));
          for (const trial of together) once.tell(trial, evaluate(trial));
          for (const trial of single) piecewise.tell(trial, evaluate(trial));
        }
      },
    },
    {
      title: "is where the first one was when it is asked and told the same again, wherever that one stopped",
      run() {
        const whole = search(create(7), 3);
        for (const stop of [1, 2, 3, 10, 11, whole.length - 1]) {
          const again = create(7);
          const seen: Trial<A>[] = [];
          while (seen.length < stop) {
            const asked = again.ask(Math.min(3, trials - seen.length));
            if (asked.length === 0) break;
            for (const trial of asked) again.tell(trial, JSON.parse(JSON.stringify(evaluate(trial))));
            seen.push(...asked);
          }
          seen.push(...again.ask(Math.max(1, Math.min(3, trials - seen.length))));
          const known = words(whole).slice(0, seen.length);
          assert.deepEqual(words(seen).slice(0, known.length), known);
        }
      },
    },
    {
      title: "goes on, and never chooses what has no value, where outcomes are NaN",
      run() {
        const failed = (trial: Trial<A>): Outcome => {
          const outcome = evaluate(trial);
          const nothing = Object.fromEntries(Object.keys(outcome.values).map((name) => [name, Number.NaN]));
          return trial.id % 3 === 0 ? { ...outcome, values: nothing } : outcome;
        };
        assert.equal(search(create(9), 4, failed).length, search(create(9), 4).length);
        const all = search(create(9), 4, (trial) => failed({ ...trial, id: 0 }));
        assert.ok(all.length > 0);
      },
    },
    {
      title: "takes outcomes in another order than it asked",
      run: () => assert.ok(search(create(11), 5, evaluate, (of) => [...of].reverse()).length > 0),
    },
    {
      title: "refuses outcomes of trials that it did not ask, or was told before",
      run() {
        const searcher = create(13);
        const [trial] = searcher.ask();
        assert.throws(() => searcher.tell({ ...trial, id: trial.id + 1000 }, evaluate(trial)), /must be told once/);
        searcher.tell(trial, evaluate(trial));
        assert.throws(() => searcher.tell(trial, evaluate(trial)), /must be told once/);
      },
    },
    {
      title: "checks an outcome, where it has such a check, as telling it would, and before",
      run() {
        const searcher = create(13);
        if (!searcher.checkOutcome) return;
        const [trial] = searcher.ask();
        const nothing = { ...evaluate(trial), values: {}, costs: {} };
        assert.throws(() => searcher.checkOutcome?.(nothing), /must have the value/);
        assert.throws(() => searcher.tell(trial, nothing), /must have the value/);
        searcher.checkOutcome(evaluate(trial));
        searcher.tell(trial, evaluate(trial));
      },
    },
    {
      title: "refuses numbers of trials that are none",
      run() {
        for (const count of [0, -1, 1.5, Number.NaN]) assert.throws(() => create(1).ask(count), /whole number from 1/);
      },
    },
  ];
}
