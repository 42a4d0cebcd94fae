import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Rng } from "../../src/core";
import { fairSampler, pathSampler, type SampledCell, uniformSampler } from "../../src/distill";
import { blockAt, canonical, cellAt, cellPaths, nasBenchMacroSpace } from "../../src/space";

const cellOf = (depth: number, opsPerLayer: number): SampledCell => ({ depth, opsPerLayer, isCandidate: () => true });

const sizes = { depth: fc.integer({ min: 1, max: 6 }), ops: fc.integer({ min: 1, max: 8 }), seed: fc.integer() };

describe("path samplers", () => {
  test("fair: in every round each layer's ops take part exactly once", () => {
    fc.assert(
      fc.property(sizes.depth, sizes.ops, sizes.seed, (depth, ops, seed) => {
        const paths = fairSampler.round(cellOf(depth, ops), new Rng(seed));
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
    const together = Array.from({ length: 200 }, () => fairSampler.round(cellOf(2, 4), rng)).flat();
    const pairs = new Set(together.map((path) => path.join("-")));
    expect(pairs.size).toBe(16);
  });

  test("uniform: one path a round, every op of every layer about equally often", () => {
    const rng = new Rng(2);
    const counts = Array.from({ length: 3 }, () => new Array<number>(6).fill(0));
    for (let i = 0; i < 6000; i++) {
      const paths = uniformSampler.round(cellOf(3, 6), rng);
      expect(paths).toHaveLength(1);
      for (const [layer, op] of paths[0].entries()) counts[layer][op]++;
    }
    // Six standard deviations around 1000.
    for (const count of counts.flat())
      expect(Math.abs(count - 1000)).toBeLessThan(6 * Math.sqrt(6000 * (1 / 6) * (5 / 6)));
  });

  test("one stream, one sequence of paths", () => {
    for (const sampler of [uniformSampler, fairSampler]) {
      expect(sampler.round(cellOf(4, 5), new Rng(9))).toEqual(sampler.round(cellOf(4, 5), new Rng(9)));
    }
  });

  test("only candidates are drawn, and all of them: identities come before operations", () => {
    const block = blockAt(nasBenchMacroSpace(), 1);
    const own = cellAt(nasBenchMacroSpace(), 1, 0);
    const cell: SampledCell = { depth: 3, opsPerLayer: 3, isCandidate: canonical(block, own) };
    const rng = new Rng(4);
    for (const sampler of [uniformSampler, fairSampler]) {
      const drawn = Array.from({ length: 1000 }, () => sampler.round(cell, rng)).flat();
      expect([...new Set(drawn.map(String))].sort()).toEqual(cellPaths(block, own).map(String));
    }
  });

  test("an unknown name is refused", () => {
    expect(() => pathSampler("sandwich")).toThrow(/"uniform" or "fair", got "sandwich"/);
  });
});
