import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, InterruptedError, SpaceError } from "../../src/core";
import { BlockSupernet } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import { saveState } from "../../src/nn";
import { type Chain, rateBlock, rateChains, resolveRateOptions } from "../../src/rate";
import { calibrationBatch } from "../../src/rate/rating-data";
import { type Candidate, enumerateBlock, identity, mbconv } from "../../src/space";
import { tinyFeatures, tinySpace } from "../distill/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const space = tinySpace();
/** The second block's first cell has a width of its own, behind an adapter; identities make some paths no candidates. */
const uneven = tinySpace(
  [
    [{ depth: 2, width: 4 }],
    [
      { depth: 2, width: 4 },
      { depth: 3, width: 6 },
    ],
  ],
  [identity, ...mbconv([3], [2])],
);
const mean = (y: tf.Tensor4D) => tf.mean(y, [1, 2]) as tf.Tensor2D;
const features = (of: typeof space, seed = 1, images = 11) => ({
  calibration: tinyFeatures(of, 24, seed),
  rating: tinyFeatures(of, images, seed + 1000),
  rest: mean,
});
const options = { seed: 1, calibrationImages: 16, batchSize: 8, score: "divergence" as const };

const withSupernets = async <T>(of: typeof space, seed: number, work: (supernets: BlockSupernet[]) => Promise<T>) => {
  const supernets = of.blocks.map((_, block) => new BlockSupernet(of, block, seed));
  try {
    return await work(supernets);
  } finally {
    for (const supernet of supernets) supernet.dispose();
  }
};
const allChains = (of: typeof space): Chain[] =>
  of.blocks.reduce<Candidate[][]>(
    (chains, _, block) => chains.flatMap((chain) => enumerateBlock(of, block).map((next) => [...chain, next])),
    [[]],
  );

/** The chain alone: whole blocks are calibrated and run one after another, and the end is measured in plain numbers. */
function alone(supernets: readonly BlockSupernet[], chain: Chain, given: ReturnType<typeof features>) {
  const resolved = resolveRateOptions(options);
  let calibration = calibrationBatch(given.calibration, 0, resolved);
  const all = Uint32Array.from({ length: given.rating.count }, (_, i) => i);
  let y = given.rating.batch(0, all);
  for (const [i, { cell, path }] of chain.entries()) {
    calibration = supernets[i].cells[cell].forward(calibration, { mode: "recalibrate", path });
    y = supernets[i].cells[cell].forward(y, { mode: "eval", path });
  }
  const target = given.rating.batch(chain.length, all);
  const mse = tf.mean(tf.squaredDifference(y, target)).dataSync()[0];
  const [own, other] = [target, y].map((maps) => tf.logSoftmax(mean(maps)));
  const divergence = tf.mean(tf.sum(tf.mul(tf.exp(own), tf.sub(own, other)), 1)).dataSync()[0];
  return { mse, divergence };
}

describe("rateChains", () => {
  test.each([
    ["cells of their own depth and width", space],
    ["identities and an adapter", uneven],
  ])("rating chains by their common beginnings equals chaining each alone: %s", async (_, of) => {
    const chains = allChains(of);
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1000 }),
        fc.uniqueArray(fc.integer({ min: 0, max: chains.length - 1 }), { minLength: 1, maxLength: 8 }),
        (seed, places) =>
          withSupernets(of, seed, async (supernets) => {
            const given = features(of, seed);
            const asked = places.map((place) => chains[place]);
            const rated = await rateChains(supernets, asked, given, options);
            expect(rated.map(({ chain }) => chain)).toEqual(asked);
            for (const { chain, mse, divergence, score } of rated) {
              const expected = alone(supernets, chain, given);
              expect(mse / expected.mse).toBeCloseTo(1, 4);
              expect(divergence! / expected.divergence).toBeCloseTo(1, 3);
              expect(score).toBe(divergence);
            }
          }),
      ),
      { numRuns: 5 },
    );
  });

  test("a chain of one block is rated as its candidate is", async () => {
    await withSupernets(space, 3, async (supernets) => {
      for (const supernet of supernets) {
        const given = features(space);
        const chains = enumerateBlock(space, supernet.block).map((candidate) => [candidate]);
        const rated = await rateChains([supernet], chains, given, options);
        const expected = await rateBlock(supernet, given, options);
        expect(rated.map(({ chain: [place], ...measures }) => ({ ...place, ...measures }))).toEqual(expected);
      }
    });
  });

  test("a chain's rating depends on no other chain, on no order and on no repetition", async () => {
    await withSupernets(space, 4, async (supernets) => {
      const chains = allChains(space);
      const given = features(space);
      const all = await rateChains(supernets, chains, given, options);
      const shuffled = [chains[7], chains[2], chains[7], chains[0]];
      expect(await rateChains(supernets, shuffled, given, options)).toEqual([all[7], all[2], all[7], all[0]]);
      expect(new Set(all.map(({ score }) => score)).size).toBe(chains.length);
    });
  });

  test("each beginning is evaluated once, and progress counts them", async () => {
    await withSupernets(space, 4, async (supernets) => {
      const chains = allChains(space);
      const events: { done: number; total: number }[] = [];
      await rateChains(supernets, chains, features(space), options, { onProgress: (event) => events.push(event) });
      const beginnings = new Set(
        chains.flatMap((chain) => {
          const names = chain.flatMap(({ block, cell, path }) => [
            ...(block === 0 ? [`stem ${cell}`] : []),
            ...path.map((op) => `${block} ${cell} ${op}`),
            // Cells narrower than the teacher end in an adapter.
            ...(supernets[block].cells[cell].adapter ? [`adapter ${block} ${cell}`] : []),
          ]);
          return names.map((__, i) => names.slice(0, i + 1).join("/"));
        }),
      );
      expect(events.at(-1)).toMatchObject({ done: beginnings.size, total: beginnings.size });
    });
  });

  test("it leaves the supernets as they were, also when it is stopped", async () => {
    await withSupernets(space, 5, async (supernets) => {
      const state = () =>
        JSON.stringify(
          supernets.map(({ cells }) =>
            cells.map((cell) => [...saveState(cell)].map(([name, { data }]) => [name, [...data]])),
          ),
        );
      const before = state();
      const { numTensors } = tf.memory();
      const stop = new AbortController();
      const onProgress = () => stop.abort();
      const stopped = rateChains(supernets, allChains(space), features(space), options, {
        onProgress,
        signal: stop.signal,
      });
      await expect(stopped).rejects.toThrow(InterruptedError);
      expect(state()).toBe(before);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  });

  test("chains and supernets that do not belong together are refused with their place", async () => {
    await withSupernets(space, 6, async (supernets) => {
      const [chain] = allChains(space);
      const given = features(space);
      const rate = (of: BlockSupernet[], chains: Chain[]) => rateChains(of, chains, given, options);
      await expect(rate([], [chain])).rejects.toThrow(ConfigError);
      await expect(rate([supernets[1], supernets[0]], [chain])).rejects.toThrow(/follow each other.*got blocks 1, 0/);
      await expect(rate(supernets, [chain, chain.slice(1)])).rejects.toThrow(SpaceError);
      const unknown = [chain[0], { ...chain[1], path: [0, 9] }];
      await expect(rate(supernets, [chain, unknown])).rejects.toThrow(/blocks 0, 1, got .*path \[0, 9\] at place 1/);
      expect(await rate(supernets, [])).toEqual([]);
    });
  });
});
