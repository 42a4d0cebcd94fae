import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { balancedSampler, fairSampler, pathSampler, type SampledCell, uniformSampler } from "../../src/distill";
import { blockAt, canonical, cellAt, cellPaths, nasBenchMacroSpace } from "../../src/space";

const cellOf = (depth: number, opsPerLayer: number): SampledCell => ({ depth, opsPerLayer, isCandidate: () => true });

const sizes = { depth: fc.integer({ min: 1, max: 6 }), ops: fc.integer({ min: 1, max: 8 }), seed: fc.integer() };

describe("path samplers", () => {
  test("fair: in every round each layer's ops take part exactly once", () => {
    fc.assert(
      fc.property(sizes.depth, sizes.ops, sizes.seed, (depth, ops, seed) => {
        const paths = fairSampler.rounds(cellOf(depth, ops), new Rng(seed))();
        expect(paths).toHaveLength(fairSampler.pathsPerRound(ops));
        for (let layer = 0; layer < depth; layer++) {
          const used = paths.map((path) => path[layer]).sort((a, b) => a - b);
          expect(used).toEqual(Array.from({ length: ops }, (_, i) => i));
        }
      }),
    );
  });

  test("fair: layers are permuted apart from each other", () => {
    const rng = new Rng(1);
    const together = Array.from({ length: 200 }, fairSampler.rounds(cellOf(2, 4), rng)).flat();
    const pairs = new Set(together.map((path) => path.join("-")));
    expect(pairs.size).toBe(16);
  });

  test("uniform: one path a round, every op of every layer about equally often", () => {
    const rng = new Rng(2);
    const next = uniformSampler.rounds(cellOf(3, 6), rng);
    const counts = Array.from({ length: 3 }, () => new Array<number>(6).fill(0));
    for (let i = 0; i < 6000; i++) {
      const paths = next();
      expect(paths).toHaveLength(1);
      for (const [layer, op] of paths[0].entries()) counts[layer][op]++;
    }
    // Six standard deviations around 1000.
    for (const count of counts.flat())
      expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(6000 * (1 / 6) * (5 / 6)));
  });

  test("balanced: whenever an epoch stops, no candidate was trained twice more often than another", () => {
    fc.assert(
      fc.property(sizes.seed, fc.integer({ min: 1, max: 90 }), (seed, rounds) => {
        const block = blockAt(nasBenchMacroSpace(), 1);
        const own = cellAt(nasBenchMacroSpace(), 1, 0);
        const all = cellPaths(block, own).map(String);
        const cell: SampledCell = { depth: 3, opsPerLayer: 3, isCandidate: canonical(block, own) };
        const drawn = Array.from({ length: rounds }, balancedSampler.rounds(cell, new Rng(seed)))
          .flat()
          .map(String);
        const counts = all.map((path) => drawn.filter((one) => one === path).length);
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
        expect(drawn).toHaveLength(rounds * balancedSampler.pathsPerRound(3));
      }),
    );
  });

  test("one stream, one sequence of paths", () => {
    for (const sampler of [uniformSampler, fairSampler, balancedSampler]) {
      const [once, again] = [0, 1].map(() => Array.from({ length: 30 }, sampler.rounds(cellOf(4, 5), new Rng(9))));
      expect(again).toEqual(once);
    }
  });

  test("only candidates are drawn, and all of them: identities come before operations", () => {
    const block = blockAt(nasBenchMacroSpace(), 1);
    const own = cellAt(nasBenchMacroSpace(), 1, 0);
    const cell: SampledCell = { depth: 3, opsPerLayer: 3, isCandidate: canonical(block, own) };
    const rng = new Rng(4);
    for (const sampler of [uniformSampler, fairSampler, balancedSampler]) {
      const drawn = Array.from({ length: 1000 }, sampler.rounds(cell, rng)).flat();
      expect([...new Set(drawn.map(String))].sort()).toEqual(cellPaths(block, own).map(String));
    }
  });

  test("an unknown name is refused", () => {
    expect(() => pathSampler("sandwich")).toThrow(/"uniform", "fair" or "balanced", got "sandwich"/);
  });
});
