import assert from "node:assert/strict";
import { type Evaluator, type Outcome, Rng, type Space } from "../../src";
import type { ContractCheck } from "./contract";

export interface EvaluatorContractOptions<A> {
  readonly create: () => Evaluator<A>;
  readonly space: Space<A, unknown>;
  /** Names of values that every outcome of the budget that counts has. */
  readonly values: readonly string[];
  /** Architectures evaluated for each check. Default 5. */
  readonly draws?: number;
}

/** What every {@link Evaluator} must do. */
export function evaluatorContract<A>({
  create,
  space,
  values,
  draws = 5,
}: EvaluatorContractOptions<A>): ContractCheck[] {
  const drawn = () => {
    const rng = new Rng(1).fork("evaluator contract");
    return Array.from({ length: draws }, () => space.sample(rng));
  };
  const stable = ({ values, costs, fingerprint }: Outcome) => ({ values, costs, fingerprint });
  return [
    {
      title: "has a name, and the same fingerprint every time it is made",
      run() {
        assert.ok(create().name !== "" && create().fingerprint !== "");
        assert.equal(create().fingerprint, create().fingerprint);
      },
    },
    {
      title: "gives numbers for every value that it promises, and finite costs",
      async run() {
        const evaluator = create();
        for (const a of drawn()) {
          const outcome = await evaluator.evaluate(a);
          for (const name of values) assert.equal(typeof outcome.values[name], "number", name);
          for (const [name, cost] of Object.entries(outcome.costs)) assert.ok(Number.isFinite(cost) && cost >= 0, name);
          assert.ok(outcome.seconds === undefined || outcome.seconds >= 0);
        }
      },
    },
    {
      title: "gives an architecture the same outcome again, unless it says how far outcomes lie apart",
      async run() {
        for (const a of drawn()) {
          const [one, other] = [await create().evaluate(a), await create().evaluate(a)];
          assert.equal(one.fingerprint, other.fingerprint);
          const { noise } = create();
          const exact = Object.keys(one.values).filter((name) => !noise?.[name]);
          for (const name of exact) assert.deepEqual(one.values[name], other.values[name], name);
          assert.deepEqual(one.costs, other.costs);
        }
      },
    },
    {
      title: "names different architectures, and different budgets, by different fingerprints",
      async run() {
        const evaluator = create();
        const byKey = new Map(drawn().map((a) => [space.key(a), a]));
        const names = new Set<string>();
        for (const a of byKey.values()) names.add((await evaluator.evaluate(a)).fingerprint);
        assert.equal(names.size, byKey.size);
        const [first] = byKey.values();
        const budgets = evaluator.budgets ?? [];
        const ofBudgets = new Set<string>();
        for (const budget of budgets) ofBudgets.add((await evaluator.evaluate(first, budget)).fingerprint);
        assert.equal(ofBudgets.size, budgets.length);
      },
    },
    {
      title: "spends the last of its budgets when none is named, and refuses one that it does not know",
      async run() {
        const evaluator = create();
        const [a] = drawn();
        const last = evaluator.budgets?.at(-1);
        if (last) assert.deepEqual(stable(await evaluator.evaluate(a, last)), stable(await evaluator.evaluate(a)));
        await assert.rejects(async () => evaluator.evaluate(a, { "no such quantity": 1 }));
      },
    },
  ];
}
