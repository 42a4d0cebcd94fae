import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError } from "../../src/core";
import { type DistillOptions, distillBlock, type FeatureSource, memoryCheckpoints } from "../../src/distill";
import { engine, tf } from "../../src/engine";
import {
  type CandidateRating,
  type RateOptions,
  type RatingFeatures,
  rateBlock,
  ratedTable,
  studentFeatures,
} from "../../src/rate";
import { productTable, searchBest, weightedTable } from "../../src/search";
import { blockSpace, enumerateBlock, mbconv } from "../../src/space";
import { tinyFeatures, tinySpace } from "../distill/tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

const space = tinySpace([[{ depth: 1, width: 4 }], [{ depth: 2, width: 4 }]]);
const labelled = (features: FeatureSource): FeatureSource => ({
  ...features,
  labels: (positions) => Array.from(positions, (position) => position % space.classes),
});
const features: RatingFeatures = {
  calibration: labelled(tinyFeatures(space, 64)),
  rating: tinyFeatures(space, 20, 1001),
};

interface Settings {
  readonly distill?: Partial<DistillOptions>;
  readonly rate?: Partial<RateOptions>;
  readonly block?: number;
  readonly given?: RatingFeatures;
}

/** Distils and rates one block; all the rest as it is unless told otherwise. */
async function rated({ distill, rate, block = 1, given = features }: Settings = {}): Promise<CandidateRating[]> {
  const options = { seed: 3, epochs: 2, batchSize: 8, learningRate: 0.01, ...distill };
  const { supernet } = await distillBlock(space, block, given.calibration, options, { workers: 0 });
  try {
    return await rateBlock(supernet, given, { seed: 1, calibrationImages: 16, batchSize: 8, ...rate });
  } finally {
    supernet.dispose();
  }
}

const scores = (ratings: readonly CandidateRating[]) => ratings.map(({ score }) => score);

describe("each switch changes a rating", () => {
  test.each<[string, Settings]>([
    ["uniform or fair paths", { distill: { sampler: "fair" } }],
    ["label loss", { distill: { labelLoss: 0.5 } }],
    ["the optimizer's reach: the path, or all of the block", { distill: { optimizerScope: "block" } }],
    ["epochs, one number a block", { distill: { epochs: [9, 1] } }],
    ["learning rates, one a block", { distill: { learningRate: [0.01, 0.02] } }],
    ["weight decay", { distill: { weightDecay: 0.1 } }],
    ["recalibration on or off", { rate: { recalibrate: false } }],
    ["score: MSE over variance", { rate: { score: "relativeMse" } }],
    ["score: noise to signal of each channel", { rate: { score: "nsr" } }],
  ])("%s", async (_, settings) => {
    const changed = scores(await rated(settings));
    expect(changed).not.toEqual(scores(await rated()));
    for (const score of changed) expect(Number.isFinite(score) && score > 0).toBe(true);
  });

  test("guide input: the student's own maps, block after block", async () => {
    const memory = tf.memory().numTensors;
    const first = await distillBlock(space, 0, features.calibration, { seed: 3, epochs: 2, batchSize: 8 });
    const ratings = await rateBlock(first.supernet, features, { batchSize: 8 });
    const given = await studentFeatures(first.supernet, ratings, features, { seed: 1 });
    first.supernet.dispose();
    const own = await rated({ given, distill: { guideInput: "student" } });
    expect(scores(own)).not.toEqual(scores(await rated()));
    expect(tf.memory().numTensors).toBe(memory);
    // What enters is the student's, what is imitated the teacher's.
    const [entering, target] = [1, 2].map((boundary) =>
      [given, features].map(({ rating }) => [...rating.batch(boundary, [0, 5]).dataSync()]),
    );
    expect(entering[0]).not.toEqual(entering[1]);
    expect(target[0]).toEqual(target[1]);
    expect(given.calibration.fingerprint).not.toBe(features.calibration.fingerprint);
  });

  test("one cell or several: several are pooled, and their candidates rate as they would alone", async () => {
    const several = tinySpace([
      [{ depth: 1, width: 4 }],
      [
        { depth: 2, width: 4 },
        { depth: 1, width: 6 },
      ],
    ]);
    const { supernet } = await distillBlock(several, 1, features.calibration, {
      seed: 3,
      epochs: 2,
      batchSize: 8,
      learningRate: 0.01,
    });
    const pooled = await rateBlock(supernet, features, { seed: 1, calibrationImages: 16, batchSize: 8 });
    supernet.dispose();
    const single = await rated();
    expect(pooled.length).toBe(single.length + 2);
    expect(scores(pooled.filter(({ cell }) => cell === 0))).toEqual(scores(single));
    const blocks = space.blocks.map(({ input, output }) => ({ input, output }));
    expect(blockSpace(blocks, { cellsPerBlock: 1 }).blocks.map(({ cells }) => cells.length)).toEqual([1, 1]);
  });

  test("the weights of blocks decide which network is best", () => {
    const costly = (block: number, good: boolean): CandidateRating => {
      const score = good ? 1 : 2;
      const [candidate] = enumerateBlock(space, block);
      return { ...candidate, score, relativeL1: score, mse: score, relativeMse: score, nsr: score };
    };
    const ratings = space.blocks.map((_, block) =>
      enumerateBlock(space, block).map((candidate, i) => ({ ...costly(block, i === 0), ...candidate })),
    );
    const table = ratedTable(space, ratings);
    const [plain] = searchBest(table);
    const [weighted] = searchBest(weightedTable(table, [0.5, 3]));
    expect([plain.score, weighted.score]).toEqual([2, 3.5]);
    expect(() => weightedTable(table, [1])).toThrow(/one weight from 0 for each of its 2 blocks/);
    // A block of weight 0 does not count.
    expect(weightedTable(table, [1, 0]).blocks[1].map(({ score }) => score)).toEqual(table.blocks[1].map(() => 0));
    for (const none of [
      [0, 0],
      [1, -1],
      [1, Number.NaN],
    ])
      expect(() => weightedTable(table, none)).toThrow(/above 0/);
    expect(() => weightedTable(table, [-1, -1])).toThrow(/weight/);
    // Joined by product, scores are the logarithms.
    const joined = (pairs: readonly (readonly [number, number])[]) => ({
      ...table,
      blocks: table.blocks.map((rows, block) => rows.slice(0, 2).map((row, i) => ({ ...row, score: pairs[block][i] }))),
    });
    const [product] = searchBest(
      productTable(
        joined([
          [4, 4],
          [0.5, 3],
        ]),
      ),
    );
    expect(product.score).toBeCloseTo(Math.log(2));
    expect(() =>
      productTable(
        joined([
          [0, 1],
          [1, 1],
        ]),
      ),
    ).toThrow(/must be above 0, got 0/);
  });
});

describe("switches are checked", () => {
  test("all measures are in every rating, and the score is the one asked for", async () => {
    for (const score of ["relativeL1", "relativeMse", "nsr"] as const) {
      for (const rating of await rated({ rate: { score } })) expect(rating.score).toBe(rating[score]);
    }
  });

  test("noise to signal is the mean over channels of squared error over variance", async () => {
    const single = tinySpace([[{ depth: 1, width: 4 }], [{ depth: 1, width: 4 }]], mbconv([3], [2]));
    const given = { calibration: tinyFeatures(single, 24), rating: tinyFeatures(single, 8, 2) };
    const { supernet } = await distillBlock(single, 1, given.calibration, { epochs: 1, batchSize: 8 });
    // Without recalibration: the rated op then runs with the statistics that it has.
    const [{ nsr, mse, relativeMse }] = await rateBlock(supernet, given, { batchSize: 8, recalibrate: false });
    const target = given.rating.batch(2, [0, 1, 2, 3, 4, 5, 6, 7]);
    const input = given.rating.batch(1, [0, 1, 2, 3, 4, 5, 6, 7]);
    const output = supernet.cells[0].forward(input, { mode: "eval", path: [0] });
    const channels = 6;
    const [y, yhat] = [target.dataSync(), output.dataSync()];
    let sum = 0;
    for (let c = 0; c < channels; c++) {
      const places = Array.from({ length: y.length / channels }, (_, i) => i * channels + c);
      const mean = places.reduce((total, i) => total + y[i], 0) / places.length;
      const signal = places.reduce((total, i) => total + (y[i] - mean) ** 2, 0);
      sum += places.reduce((total, i) => total + (y[i] - yhat[i]) ** 2, 0) / signal;
    }
    expect((nsr * channels) / sum).toBeCloseTo(1, 5);
    expect(mse).toBeLessThan(relativeMse);
    supernet.dispose();
  });

  test("a label loss needs labels, and goes on from a checkpoint with the same bytes", async () => {
    const bare: RatingFeatures = { ...features, calibration: tinyFeatures(space, 64) };
    await expect(rated({ given: bare, distill: { labelLoss: 0.5 } })).rejects.toThrow(ConfigError);
    const options = {
      seed: 3,
      batchSize: 8,
      labelLoss: 0.5,
      optimizerScope: "block",
      schedule: "exponential",
    } as const;
    const checkpoints = memoryCheckpoints();
    const run = async (epochs: number, kept = checkpoints) => {
      const { supernet, history } = await distillBlock(
        space,
        1,
        features.calibration,
        { ...options, epochs },
        { checkpoints: kept, workers: 0 },
      );
      supernet.dispose();
      return history[0].map(({ loss }) => loss);
    };
    await run(1);
    expect(await run(2)).toEqual(await run(2, memoryCheckpoints()));
  });

  test("a block is not fed with another guide than the options name", async () => {
    await expect(rated({ distill: { guideInput: "student" } })).rejects.toThrow(/must be fed with the student's/);
  });

  test.each<Partial<DistillOptions> & Partial<RateOptions>>([
    { guideInput: "nobody" as never },
    { labelLoss: 2 },
    { optimizerScope: "all" as never },
    { epochs: [] },
    { epochs: [1] },
  ])("%j is refused", async (distill) => {
    await expect(rated({ distill })).rejects.toThrow(ConfigError);
  });

  test("an unknown score is refused", async () => {
    await expect(rated({ rate: { score: "l2" as never } })).rejects.toThrow(/score must be one of relativeL1/);
  });
});
