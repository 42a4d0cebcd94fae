import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BudgetInfeasibleError, ConfigError } from "../../src/core";
import { allNetworks, type FoundNetwork, ilpSearch, type Limits } from "../../src/search";
import { smallTables } from "./tables";

const bound = fc.integer({ min: 0, max: 60 });
const limit = fc.oneof(
  bound,
  fc.tuple(bound, bound).map(([a, b]): [number, number] => [Math.min(a, b), Math.max(a, b)]),
);
const limits: fc.Arbitrary<Limits> = fc.oneof(
  fc.record({ macs: limit }),
  fc.record({ macs: limit, params: limit }),
  fc.constant({}),
);

function within({ cost }: FoundNetwork, of: Limits): boolean {
  return (["macs", "params"] as const).every((name) => {
    const given = of[name] ?? Number.POSITIVE_INFINITY;
    const [low, high] = typeof given === "number" ? [0, given] : given;
    return cost[name]! >= low && cost[name]! <= high;
  });
}

/** Blocks in which two networks have another candidate. */
function distance(a: FoundNetwork, b: FoundNetwork): number {
  return a.choice.filter((candidate, block) => candidate !== b.choice[block]).length;
}

describe("the integer programme", () => {
  it("gives the k best networks within limits and intervals that differ from each other in a share of the blocks", async () => {
    await fc.assert(
      fc.asyncProperty(
        smallTables(),
        limits,
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(0, 0.5, 1),
        async (table, given, k, difference) => {
          const fitting = allNetworks(table).filter((network) => within(network, given));
          const least = Math.max(1, Math.ceil(difference * table.blocks.length));
          if (fitting.length === 0) {
            await expect(ilpSearch(table, given, { k, difference })).rejects.toThrow(BudgetInfeasibleError);
            return;
          }
          const found = await ilpSearch(table, given, { k, difference });
          // Each is as good as any that fits and differs from those before.
          for (let i = 0; i <= found.length && i < k; i++) {
            const rest = fitting.filter((network) => found.slice(0, i).every((of) => distance(of, network) >= least));
            if (i === found.length) expect(rest).toEqual([]);
            else {
              expect(within(found[i], given)).toBe(true);
              for (const before of found.slice(0, i)) expect(distance(before, found[i])).toBeGreaterThanOrEqual(least);
              expect(found[i].score).toBe(Math.min(...rest.map(({ score }) => score)));
            }
          }
        },
      ),
      { numRuns: 30 },
    );
  });

  it("refuses options that say nothing, and names an interval that no network meets", async () => {
    const [table] = fc.sample(smallTables(), { numRuns: 1, seed: 4 });
    await expect(ilpSearch(table, {}, { k: 0 })).rejects.toThrow(ConfigError);
    await expect(ilpSearch(table, {}, { difference: 2 })).rejects.toThrow(/share of the blocks/);
    await expect(ilpSearch(table, { macs: [9, 3] })).rejects.toThrow(ConfigError);
    await expect(ilpSearch(table, { macs: [1e6, 2e6] })).rejects.toThrow(/macs in \[1000000, 2000000\].*widen/);
  });
});
