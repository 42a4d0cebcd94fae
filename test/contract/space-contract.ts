import assert from "node:assert/strict";
import { Rng, type Space } from "../../src";
import type { ContractCheck } from "./contract";

export interface SpaceContractOptions {
  /** Architectures drawn for each check. Default 200. */
  readonly draws?: number;
  readonly seed?: number;
}

/** What every {@link Space} must do. */
export function spaceContract<A, Network>(
  space: Space<A, Network>,
  { draws = 200, seed = 1 }: SpaceContractOptions = {},
): ContractCheck[] {
  const drawn = (name: string) => {
    const rng = new Rng(seed).fork(name);
    return Array.from({ length: draws }, () => space.sample(rng));
  };
  const keys = (all: readonly A[]) => all.map((a) => space.key(a));
  const checks: ContractCheck[] = [
    {
      title: "has a name",
      run: () => assert.ok(typeof space.name === "string" && space.name !== ""),
    },
    {
      title: "draws the same from the same stream, and other ones from another",
      run() {
        assert.deepEqual(keys(drawn("a")), keys(drawn("a")));
        assert.notDeepEqual(keys(drawn("a")), keys(drawn("b")));
      },
    },
    {
      title: "gives an architecture the same key every time, and after it went through JSON",
      run() {
        for (const a of drawn("keys")) {
          const key = space.key(a);
          assert.ok(key !== "");
          assert.equal(space.key(a), key);
          assert.equal(space.key(JSON.parse(JSON.stringify(a))), key);
        }
      },
    },
    {
      title: "mutates to another architecture, the same from the same stream, and leaves the first as it was",
      run() {
        for (const [i, a] of drawn("mutate").entries()) {
          const before = JSON.stringify(a);
          const child = space.mutate(a, new Rng(seed).fork(`mutate/${i}`));
          assert.notEqual(space.key(child), space.key(a));
          assert.equal(space.key(space.mutate(a, new Rng(seed).fork(`mutate/${i}`))), space.key(child));
          assert.equal(JSON.stringify(a), before);
          space.architecture(child);
        }
      },
    },
    {
      title: "reaches many architectures by mutation alone",
      run() {
        const rng = new Rng(seed).fork("walk");
        let a = space.sample(rng);
        const seen = new Set<string>();
        for (let i = 0; i < draws; i++) {
          seen.add(space.key(a));
          a = space.mutate(a, rng);
        }
        const sampled = new Set(keys(drawn("walk")));
        assert.ok(seen.size >= Math.min(sampled.size, draws) / 4, `a walk of ${draws} steps met ${seen.size}`);
      },
    },
    {
      title: "has a network for everything that it draws",
      run() {
        for (const a of drawn("network")) assert.ok(space.architecture(a) !== undefined);
      },
    },
  ];
  if (space.crossover) checks.push(...crossoverChecks(space, drawn, seed));
  if (space.genes || space.encode || space.decode) checks.push(...geneChecks(space, drawn, seed));
  if (space.extend) {
    checks.push({
      title: "extends to different architectures, none of them the one that was extended",
      run() {
        for (const a of drawn("extend").slice(0, 3)) {
          const grown = [...space.extend!(a)].slice(0, 100).map((one) => space.key(one));
          assert.equal(new Set(grown).size, grown.length);
          assert.ok(!grown.includes(space.key(a)));
        }
      },
    });
  }
  return checks;
}

function crossoverChecks<A>(space: Space<A, unknown>, drawn: (name: string) => A[], seed: number): ContractCheck[] {
  return [
    {
      title:
        "crosses two architectures to one of the space, the same from the same stream; of equal parents to that parent",
      run() {
        const [mothers, fathers] = [drawn("mother"), drawn("father")];
        for (const [i, mother] of mothers.entries()) {
          const cross = (father: A) => space.crossover!(mother, father, new Rng(seed).fork(`cross/${i}`));
          assert.equal(space.key(cross(mother)), space.key(mother));
          assert.equal(space.key(cross(fathers[i])), space.key(cross(fathers[i])));
          space.architecture(cross(fathers[i]));
        }
      },
    },
  ];
}

function geneChecks<A>(space: Space<A, unknown>, drawn: (name: string) => A[], seed: number): ContractCheck[] {
  return [
    {
      title: "has genes together with encode and decode",
      run: () => {
        assert.ok(space.genes && space.encode && space.decode);
        assert.equal(new Set(space.genes.map(({ name }) => name)).size, space.genes.length);
        for (const { choices } of space.genes) assert.ok(Number.isSafeInteger(choices) && choices >= 1);
      },
    },
    {
      title: "encodes within the genes' choices, and decodes to the same architecture",
      run() {
        for (const a of drawn("encode")) {
          const values = space.encode!(a);
          assert.equal(values.length, space.genes!.length);
          for (const [i, { choices }] of space.genes!.entries()) {
            assert.ok(Number.isSafeInteger(values[i]) && values[i] >= 0 && values[i] < choices);
          }
          assert.equal(space.key(space.decode!(values)), space.key(a));
        }
      },
    },
    {
      title: "decodes any values within the choices, and refuses others",
      run() {
        const rng = new Rng(seed).fork("decode");
        const genes = space.genes!;
        const values = () => genes.map(({ choices }) => rng.int(choices));
        for (let i = 0; i < 100; i++) space.architecture(space.decode!(values()));
        assert.throws(() => space.decode!([...values(), 0]));
        assert.throws(() => space.decode!(values().slice(1)));
        for (const [i, { choices }] of genes.entries()) {
          for (const wrong of [choices, -1, 0.5, Number.NaN]) {
            assert.throws(() => space.decode!(values().map((value, at) => (at === i ? wrong : value))));
          }
        }
      },
    },
  ];
}
