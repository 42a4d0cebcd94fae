import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BudgetInfeasibleError, Rng } from "../../src/core";
import {
  allNetworks,
  type FoundNetwork,
  ilpSearch,
  type Limits,
  type RatingTable,
  weightedTable,
} from "../../src/search";

const WIDTHS = [8, 16];

/** A table of random scores, 2 to 4 blocks of 2 to 6 candidates. */
function randomTable(rng: Rng, score: () => number, cost: () => number): RatingTable {
  const byWidth = () => Object.fromEntries(WIDTHS.map((width) => [width, cost()]));
  return {
    space: "random",
    stemWidth: 8,
    stemCost: { macs: cost(), params: cost() },
    headCost: { macs: byWidth(), params: byWidth() },
    blocks: Array.from({ length: 2 + rng.int(3) }, (_, block) =>
      Array.from({ length: 2 + rng.int(5) }, (_, i) => {
        const width = rng.pick(WIDTHS);
        return {
          block,
          cell: WIDTHS.indexOf(width),
          path: [i],
          score: score(),
          width,
          cost: { macs: byWidth(), params: byWidth() },
        };
      }),
    ),
  };
}

/** A limit or interval that about half of the networks meet. */
function someLimits(rng: Rng, networks: readonly FoundNetwork[]): Limits {
  const one = (name: "macs" | "params") => {
    const [a, b] = [rng.pick(networks), rng.pick(networks)].map(({ cost }) => cost[name]!).sort((x, y) => x - y);
    return rng.uniform() < 0.4 ? ([a, b] as const) : b;
  };
  return { macs: one("macs"), ...(rng.uniform() < 0.5 && { params: one("params") }) };
}

function meets({ cost }: FoundNetwork, limits: Limits): boolean {
  return (["macs", "params"] as const).every((name) => {
    const limit = limits[name];
    if (limit === undefined) return true;
    const [low, high] = typeof limit === "number" ? [Number.NEGATIVE_INFINITY, limit] : limit;
    return cost[name]! >= low && cost[name]! <= high;
  });
}

function distance(a: FoundNetwork, b: FoundNetwork): number {
  return a.choice.filter((candidate, block) => candidate !== b.choice[block]).length;
}

/** Fails unless each network found is the best of all that fit and differ enough from those before, to the last bit. */
async function expectExact(
  table: RatingTable,
  limits: Limits,
  k: number,
  difference: number,
  patience?: number,
): Promise<void> {
  const fitting = allNetworks(table).filter((network) => meets(network, limits));
  if (fitting.length === 0) {
    await expect(
      ilpSearch(table, limits, { k, difference, ...(patience !== undefined && { patience }) }),
    ).rejects.toThrow(BudgetInfeasibleError);
    return;
  }
  const found = await ilpSearch(table, limits, { k, difference, ...(patience !== undefined && { patience }) });
  const least = Math.max(1, Math.ceil(difference * table.blocks.length - 1e-9));
  for (let i = 0; i < k; i++) {
    const rest = fitting.filter((network) => found.slice(0, i).every((of) => distance(of, network) >= least));
    expect(found[i]?.score).toBe(rest.length > 0 ? Math.min(...rest.map(({ score }) => score)) : undefined);
    if (!found[i]) break;
    expect(rest.some((network) => distance(network, found[i]) === 0)).toBe(true);
  }
}

const seeds = fc.integer({ min: 0, max: 2 ** 30 });

describe("the integer programme is exact whatever the size of the scores", () => {
  for (const scale of [1e-300, 1e-9, 1e-7, 1e-6, 1e-5, 1e-3, 1, 1e3, 1e6, 1e9]) {
    it(`equals brute force with scores of ${scale}`, async () => {
      await fc.assert(
        fc.asyncProperty(
          seeds,
          fc.integer({ min: 1, max: 3 }),
          fc.constantFrom(0, 0.5, 1),
          async (seed, k, difference) => {
            const rng = new Rng(seed);
            const table = randomTable(
              rng,
              () => scale * rng.uniform(),
              () => rng.int(1000),
            );
            await expectExact(table, someLimits(rng, allNetworks(table)), k, difference);
          },
        ),
        { numRuns: 12 },
      );
    });
  }

  it("equals brute force with scores that differ by 1e-8, 1e-12 of themselves or in their last bits", async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        fc.constantFrom(1e-8, 1e-12, 1e-15),
        fc.constantFrom(1e-6, 1, 1e6),
        async (seed, apart, size) => {
          const rng = new Rng(seed);
          const table = randomTable(
            rng,
            () => size * (1 + apart * rng.int(20)),
            () => rng.int(1000),
          );
          await expectExact(table, someLimits(rng, allNetworks(table)), 2, 0);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("equals brute force where one block's weight is a trillionth of another's", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, async (seed) => {
        const rng = new Rng(seed);
        const table = randomTable(
          rng,
          () => rng.uniform(),
          () => rng.int(1000),
        );
        const weighted = weightedTable(
          table,
          table.blocks.map(() => 10 ** -rng.int(16)),
        );
        await expectExact(weighted, someLimits(rng, allNetworks(weighted)), 2, 0.5);
      }),
      { numRuns: 40 },
    );
  });

  it("keeps limits of any size to the last bit: latencies in seconds, MACs in billions, negative scores", async () => {
    await fc.assert(
      fc.asyncProperty(seeds, fc.constantFrom(1e-9, 1e-3, 1, 1e12), async (seed, unit) => {
        const rng = new Rng(seed);
        const table = randomTable(
          rng,
          () => -Math.log(rng.uniform()) - 3,
          () => unit * rng.uniform(),
        );
        await expectExact(table, someLimits(rng, allNetworks(table)), 2, 0.5);
      }),
      { numRuns: 40 },
    );
  });

  it("equals brute force where HiGHS's integer programme proposes the network to beat", async () => {
    await fc.assert(
      fc.asyncProperty(
        seeds,
        fc.constantFrom(1e-7, 1, 1e7),
        fc.constantFrom(0, 0.5),
        async (seed, scale, difference) => {
          const rng = new Rng(seed);
          const table = randomTable(
            rng,
            () => scale * rng.uniform(),
            () => rng.int(1000),
          );
          await expectExact(table, someLimits(rng, allNetworks(table)), 2, difference, 1);
        },
      ),
      { numRuns: 25 },
    );
  });
});
