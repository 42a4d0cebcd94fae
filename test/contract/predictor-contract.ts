import assert from "node:assert/strict";
import { type Predictor, Rng, type Space } from "../../src";
import type { ContractCheck } from "./contract";

export interface PredictorContractOptions<A> {
  readonly create: (seed: number) => Predictor<A>;
  /** With genes. */
  readonly space: Space<A, unknown>;
}

/** What every {@link Predictor} must do. */
export function predictorContract<A>({ create, space }: PredictorContractOptions<A>): ContractCheck[] {
  // The values of the genes, each weighted by its place: what any predictor learns.
  const worth = (a: A) => {
    const genes = space.genes!;
    return space.encode!(a).reduce(
      (sum, value, i) => sum + (value / Math.max(1, genes[i].choices - 1)) * (1 + (i % 3)),
      0,
    );
  };
  const drawn = (name: string, count: number) => {
    const rng = new Rng(1).fork(name);
    return Array.from({ length: count }, () => space.sample(rng));
  };
  const known = () => drawn("known", 60).map((architecture) => ({ architecture, value: 80 + worth(architecture) }));
  return [
    {
      title: "guesses finite values, one an architecture, in the unit of what it was fitted to",
      run() {
        const predictor = create(1);
        predictor.fit(known());
        const guesses = predictor.predict(drawn("other", 20));
        assert.equal(guesses.length, 20);
        for (const { mean, deviation } of guesses) {
          assert.ok(mean > 70 && mean < 100, `${mean}`);
          assert.ok(deviation >= 0 && Number.isFinite(deviation));
        }
        assert.deepEqual(predictor.predict([]), []);
      },
    },
    {
      title: "orders architectures that it has not seen better than chance",
      run() {
        const predictor = create(1);
        predictor.fit(known());
        const others = drawn("other", 60);
        const guesses = predictor.predict(others);
        let concordant = 0;
        let pairs = 0;
        for (let i = 0; i < others.length; i++) {
          for (let j = 0; j < i; j++) {
            const difference = worth(others[i]) - worth(others[j]);
            if (difference === 0) continue;
            pairs++;
            if (difference * (guesses[i].mean - guesses[j].mean) > 0) concordant++;
          }
        }
        assert.ok(concordant / pairs > 0.6, `${((100 * concordant) / pairs).toFixed(0)} % of pairs`);
      },
    },
    {
      title: "is the same for the same seed and data, whatever it was fitted to before",
      run() {
        const [one, other] = [create(3), create(3)];
        other.fit(known().slice(0, 10));
        one.fit(known());
        other.fit(known());
        assert.deepEqual(one.predict(drawn("other", 10)), other.predict(drawn("other", 10)));
      },
    },
    {
      title: "fits one value, and equal ones",
      run() {
        const predictor = create(1);
        for (const data of [known().slice(0, 1), known().map((one) => ({ ...one, value: 5 }))]) {
          predictor.fit(data);
          for (const { mean } of predictor.predict(drawn("other", 5))) assert.ok(Number.isFinite(mean));
        }
      },
    },
    {
      title: "refuses to guess before it was fitted",
      run: () => assert.throws(() => create(1).predict(drawn("other", 1))),
    },
  ];
}
