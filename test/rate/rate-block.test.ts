import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, InterruptedError, type ProgressEvent } from "../../src/core";
import { networkCost } from "../../src/cost";
import { BlockSupernet, distillBlock } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import { saveState } from "../../src/nn";
import {
  type CandidateRating,
  opEvaluations,
  rateBlock,
  ratedTable,
  rateNaive,
  resolveRateOptions,
} from "../../src/rate";
import { calibrationBatch } from "../../src/rate/rating-data";
import { assemble, enumerateBlock, identity, mbconv } from "../../src/space";
import { tinyFeatures, tinySpace } from "../distill/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const space = tinySpace();
const features = (seed = 1, images = 20) => ({
  calibration: tinyFeatures(space, 24, seed),
  rating: tinyFeatures(space, images, seed + 1000),
});
const options = { seed: 1, calibrationImages: 16, batchSize: 8 };

/** A supernet in any state: freshly drawn weights rate as well as trained ones. */
const withSupernet = async <T>(seed: number, block: number, work: (supernet: BlockSupernet) => Promise<T> | T) => {
  const supernet = new BlockSupernet(space, block, seed);
  try {
    return await work(supernet);
  } finally {
    supernet.dispose();
  }
};

describe("rateBlock", () => {
  test("rating by feature sharing equals rating every candidate on its own", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 0, max: 1 }),
        fc.integer({ min: 3, max: 20 }),
        async (seed, block, images) => {
          await withSupernet(seed, block, async (supernet) => {
            const given = features(seed, images);
            const shared = await rateBlock(supernet, given, options);
            const naive = rateNaive(supernet, given, options);
            expect(shared.map(place)).toEqual(naive.map(place));
            for (const [i, { score, mse, relativeMse }] of shared.entries()) {
              expect(score).toBeCloseTo(naive[i].score, 5);
              expect(mse).toBeCloseTo(naive[i].mse, 5);
              expect(relativeMse).toBeCloseTo(naive[i].relativeMse, 5);
            }
          });
        },
      ),
      { numRuns: 6 },
    );
  });

  test("every candidate of all cells is rated once, in lexicographic order", async () => {
    await withSupernet(1, 0, async (supernet) => {
      const ratings = await rateBlock(supernet, features(), options);
      expect(ratings.map(place)).toEqual(enumerateBlock(space, 0).map(place));
      expect(new Set(ratings.map(({ score }) => score)).size).toBe(ratings.length);
    });
  });

  describe("of a single candidate", () => {
    const single = tinySpace([[{ depth: 1, width: 4 }], [{ depth: 1, width: 4 }]], mbconv([3], [2]));
    const given = { calibration: tinyFeatures(single, 24), rating: tinyFeatures(single, 20, 2) };
    /** Gives the only op the statistics that it is rated with. */
    const calibrate = ({ cells: [cell] }: BlockSupernet) => {
      const batch = calibrationBatch(given.calibration, 1, resolveRateOptions(options));
      tf.dispose([batch, cell.forward(batch, { mode: "recalibrate", path: [0] })]);
    };

    test("the score is mean |Y - Yhat| / std(Y) of each batch, averaged by images", async () => {
      const supernet = new BlockSupernet(single, 1, 2);
      const [rated] = await rateBlock(supernet, given, options);
      // The same once more, in plain numbers.
      calibrate(supernet);
      const expected = { score: 0, mse: 0, relativeMse: 0 };
      for (const positions of [range(0, 8), range(8, 16), range(16, 20)]) {
        const y = [...given.rating.batch(2, positions).dataSync()];
        const x = given.rating.batch(1, positions);
        const output = [...supernet.cells[0].forward(x, { mode: "eval", path: [0] }).dataSync()];
        const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
        const center = mean(y);
        const variance = mean(y.map((value) => (value - center) ** 2));
        const mse = mean(y.map((value, i) => (value - output[i]) ** 2));
        const weight = positions.length / 20;
        expected.score += (weight * mean(y.map((value, i) => Math.abs(value - output[i])))) / Math.sqrt(variance);
        expected.mse += weight * mse;
        expected.relativeMse += (weight * mse) / variance;
      }
      for (const name of ["score", "mse", "relativeMse"] as const) expect(rated[name]).toBeCloseTo(expected[name], 5);
      supernet.dispose();
    });

    test("it scores 0 when it repeats the teacher", async () => {
      const supernet = new BlockSupernet(single, 1, 2);
      const [cell] = supernet.cells;
      calibrate(supernet);
      const repeated = {
        ...given.rating,
        batch: (boundary: number, positions: ArrayLike<number>) => {
          const x = given.rating.batch(1, positions);
          return boundary === 1 ? x : cell.forward(x, { mode: "eval", path: [0] });
        },
      };
      const [rated] = await rateBlock(supernet, { ...given, rating: repeated }, options);
      expect(rated.score).toBeCloseTo(0, 5);
      supernet.dispose();
    });

    test("a rating leaves the supernet as it was, and does not depend on the one before", async () => {
      const supernet = new BlockSupernet(single, 1, 2);
      const state = () =>
        JSON.stringify([...saveState(supernet.cells[0])].map(([name, { data }]) => [name, [...data]]));
      const before = state();
      const plain = await rateBlock(supernet, given, { ...options, recalibrate: false });
      await rateBlock(supernet, given, options);
      expect(state()).toBe(before);
      expect(await rateBlock(supernet, given, { ...options, recalibrate: false })).toEqual(plain);
      supernet.dispose();
    });

    test("the running statistics come from the calibration batch alone, whatever was there before", async () => {
      const supernet = new BlockSupernet(single, 1, 2);
      const first = await rateBlock(supernet, given, options);
      for (const variable of supernet.cells[0].buffers().values()) variable.assign(tf.fill(variable.shape, 9));
      expect(await rateBlock(supernet, given, options)).toEqual(first);
      const other = await rateBlock(supernet, { ...given, calibration: tinyFeatures(single, 24, 5) }, options);
      expect(other[0].score).not.toBe(first[0].score);
      supernet.dispose();
    });
  });

  test("progress counts op evaluations: n + n^2 + ... + n^depth of each cell", async () => {
    expect(opEvaluations(6, 4)).toBe(1554);
    expect(opEvaluations(6, 5)).toBe(9330);
    const events: ProgressEvent[] = [];
    await withSupernet(1, 1, (supernet) =>
      rateBlock(supernet, features(), options, { onProgress: (e) => events.push(e) }),
    );
    expect(events).toHaveLength(opEvaluations(2, 2) + opEvaluations(2, 1));
    expect(events.at(-1)).toMatchObject({ done: 8, total: 8, unit: "op evaluations", metrics: { candidates: 6 } });
  });

  test("memory is bounded by the depth, and nothing is left behind, also when stopped", async () => {
    const deep = tinySpace([[{ depth: 4, width: 2 }], [{ depth: 1, width: 2 }]], mbconv([3], [1, 2]));
    const supernet = new BlockSupernet(deep, 0, 1);
    const given = { calibration: tinyFeatures(deep, 16), rating: tinyFeatures(deep, 20, 2) };
    const before = tf.memory().numTensors;
    let most = 0;
    const onProgress = () => {
      most = Math.max(most, tf.memory().numTensors - before);
    };
    await rateBlock(supernet, given, options, { onProgress });
    // Image, stem and 4 layers, each as 1 + 3 batches, and 3 targets.
    expect(most).toBeLessThanOrEqual(6 * 4 + 3);
    expect(tf.memory().numTensors).toBe(before);
    const stop = new AbortController();
    stop.abort();
    await expect(rateBlock(supernet, given, options, { signal: stop.signal })).rejects.toThrow(InterruptedError);
    expect(tf.memory().numTensors).toBe(before);
    supernet.dispose();
  });

  test("rating twice gives the same numbers, with nine significant digits", async () => {
    await withSupernet(1, 0, async (supernet) => {
      const first = await rateBlock(supernet, features(), options);
      expect(await rateBlock(supernet, features(), options)).toEqual(first);
      for (const { score } of first) expect(Number(score.toPrecision(9))).toBe(score);
    });
  });

  test("options are checked and named", async () => {
    await withSupernet(1, 0, async (supernet) => {
      await expect(rateBlock(supernet, features(), { batchSize: 1 })).rejects.toThrow(ConfigError);
    });
  });
});

describe("rateBlock on worker threads", () => {
  const native = engine.use("auto", { threads: 1 }).backend === "native";

  test.runIf(native)("any number of workers gives the ratings of none, and the progress adds up", async () => {
    for (const block of [0, 1]) {
      await withSupernet(4, block, async (supernet) => {
        const alone = await rateBlock(supernet, features(), options, { workers: 0 });
        for (const workers of [1, 2, 5]) {
          const events: ProgressEvent[] = [];
          const context = { workers, onProgress: (event: ProgressEvent) => events.push(event) };
          expect(await rateBlock(supernet, features(), options, context)).toEqual(alone);
          expect(events.at(-1)).toMatchObject({ done: 8, total: 8, metrics: { candidates: alone.length } });
        }
      });
    }
  });

  test.runIf(native)("identities and switches go with the job", async () => {
    const own = tinySpace([[{ depth: 1, width: 4 }], [{ depth: 3, width: 6 }]], [...mbconv([3, 5], [2]), identity]);
    const given = { calibration: tinyFeatures(own, 24), rating: tinyFeatures(own, 20, 2) };
    const switched = { ...options, recalibrate: false, score: "nsr" as const };
    const supernet = new BlockSupernet(own, 1, 1);
    const alone = await rateBlock(supernet, given, switched, { workers: 0 });
    expect(alone.map(place)).toEqual(enumerateBlock(own, 1).map(place));
    expect(await rateBlock(supernet, given, switched, { workers: 2 })).toEqual(alone);
    supernet.dispose();
  });

  test.runIf(native)("the teacher's rest, which is no plain data, is rated with in this thread", async () => {
    await withSupernet(1, 1, async (supernet) => {
      const rest = (y: tf.Tensor4D) => tf.mean(y, [1, 2]) as tf.Tensor2D;
      const [rated] = await rateBlock(supernet, { ...features(), rest }, options, { workers: 2 });
      expect(rated.divergence).toBeGreaterThan(0);
    });
  });

  test.runIf(native)("stopped, it leaves the supernet as it was and nothing behind", async () => {
    await withSupernet(1, 0, async (supernet) => {
      const before = tf.memory().numTensors;
      const stop = new AbortController();
      const rating = rateBlock(supernet, features(), options, {
        workers: 2,
        signal: stop.signal,
        onProgress: () => stop.abort(),
      });
      await expect(rating).rejects.toThrow(InterruptedError);
      expect(tf.memory().numTensors).toBe(before);
      expect(await rateBlock(supernet, features(), options, { workers: 2 })).toHaveLength(6);
    });
  });
});

describe("ratedTable", () => {
  test("costs are those of the assembled network", async () => {
    const { supernet, ratings } = await ratedSpace();
    const table = ratedTable(space, ratings);
    for (const [first, second] of [
      [0, 0],
      [3, 5],
    ]) {
      const rows = [table.blocks[0][first], table.blocks[1][second]];
      const whole = networkCost(assemble(space, rows));
      for (const name of ["macs", "params"] as const) {
        const sum =
          table.stemCost[name]! +
          rows[0].cost[name]![table.stemWidth] +
          rows[1].cost[name]![rows[0].width] +
          table.headCost[name]![rows[1].width];
        expect(sum).toBe(whole[name]);
      }
    }
    expect(JSON.parse(JSON.stringify(table))).toEqual(table);
    for (const block of supernet) block.dispose();
  });

  test("a missing or misplaced candidate is refused", async () => {
    const { supernet, ratings } = await ratedSpace();
    expect(() => ratedTable(space, [ratings[0]])).toThrow(/block 1 of tiny must have its 6 candidates rated/);
    expect(() => ratedTable(space, [[...ratings[0]].reverse(), ratings[1]])).toThrow(/another one at place 0/);
    for (const block of supernet) block.dispose();
  });
});

test("distilling helps: trained candidates imitate better than untrained ones", async () => {
  const given = { calibration: tinyFeatures(space, 64), rating: tinyFeatures(space, 32, 2) };
  const raw = await withSupernet(1, 1, (supernet) => rateBlock(supernet, given, options));
  const { supernet } = await distillBlock(space, 1, given.calibration, {
    seed: 1,
    epochs: 8,
    batchSize: 8,
    learningRate: 0.02,
  });
  const trained = await rateBlock(supernet, given, options);
  supernet.dispose();
  const mean = (ratings: readonly CandidateRating[]) =>
    ratings.reduce((sum, { score }) => sum + score, 0) / ratings.length;
  expect(mean(trained)).toBeLessThan(0.8 * mean(raw));
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

function place({ block, cell, path }: { block: number; cell: number; path: readonly number[] }): string {
  return `${block}/${cell}/${path}`;
}

async function ratedSpace(): Promise<{ supernet: BlockSupernet[]; ratings: CandidateRating[][] }> {
  const supernet = [0, 1].map((block) => new BlockSupernet(space, block, 1));
  const ratings: CandidateRating[][] = [];
  for (const block of supernet) ratings.push(await rateBlock(block, features(), options));
  return { supernet, ratings };
}
