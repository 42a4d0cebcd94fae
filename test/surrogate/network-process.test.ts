import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError, Rng, SpaceError } from "../../src/core";
import { allNetworks, type FoundNetwork, type RatingTable, searchBest } from "../../src/search";
import { calibrate, calibrationDoubt, type EffectTerm, NetworkProcess } from "../../src/surrogate";

/** A table of blocks with so many layers each, three ops a layer, ratings and MACs drawn. */
function table(layers: readonly number[], seed = 1): RatingTable {
  const rng = new Rng(seed).fork("table");
  return {
    space: "drawn",
    stemWidth: 8,
    stemCost: { macs: 5 },
    headCost: { macs: { 8: 2 } },
    blocks: layers.map((depth, block) =>
      Array.from({ length: 3 ** depth }, (_, i) => {
        const path = Array.from({ length: depth }, (_, layer) => Math.floor(i / 3 ** layer) % 3);
        const macs = 10 + 7 * path.reduce((sum, op) => sum + op, 0);
        return { block, cell: 0, path, width: 8, score: 0.1 + rng.uniform(), cost: { macs: { 8: macs } } };
      }),
    ),
  };
}

/** Networks drawn from a table with accuracies that rise with their ops and fall with their ratings. */
function trained(of: RatingTable, count: number, seed = 1) {
  const rng = new Rng(seed).fork("trained");
  const all = allNetworks(of);
  return Array.from({ length: count }, () => {
    const { choice, score } = rng.pick(all);
    const ops = choice.flatMap(({ path }) => path).reduce((sum, op) => sum + op, 0);
    return { choice, accuracy: 0.8 + 0.01 * ops - 0.02 * score + 0.003 * rng.normal() };
  });
}

const column = (...values: number[]) => values.map((value) => Float64Array.of(value));
const TERMS: readonly EffectTerm[] = [
  { name: "rating", pooled: true, features: [column(0.5, -1.2, 0.3), column(1, 0.2, -0.7)] },
  {
    name: "op by layer",
    pooled: false,
    features: [[Float64Array.of(1, 0), Float64Array.of(0, 1), Float64Array.of(1, 1)], column(0.5, -0.5, 2)],
  },
  { name: "candidate", pooled: false },
];
const CHOICES = [
  [0, 0],
  [1, 1],
  [2, 0],
  [2, 2],
  [1, 1],
];
const VALUES = [0.4, -1.1, 0.9, 0.2, -0.7];
const ALL = [0, 1, 2].flatMap((a) => [0, 1, 2].map((b) => [a, b]));
const process = () =>
  new NetworkProcess(table([1, 1]), TERMS, CHOICES, VALUES, { terms: [0.3, 0.2, 0.1], noise: 0.05 });

describe("a Gaussian process over networks", () => {
  // scikit-learn 1.9.1: GaussianProcessRegressor(DotProduct(sigma_0=0), alpha=0.05, optimizer=None) on the joined features.
  test("has the posterior that scikit-learn has", () => {
    const own = process();
    const mean = [
      0.4569619526, -0.1892814878, -0.1542878244, -0.2309476577, -0.8771910982, -0.8421974347, 0.8128442406,
      0.1666008002, 0.2015944636,
    ];
    const deviation = [
      0.2109970953, 0.4685540871, 0.3485330434, 0.4341759826, 0.156515503, 0.5251990932, 0.20755494, 0.461308003,
      0.2188129839,
    ];
    ALL.forEach((choice, i) => {
      expect(own.mean(choice)).toBeCloseTo(mean[i], 8);
      expect(Math.sqrt(own.variance(choice))).toBeCloseTo(deviation[i], 8);
    });
    expect(own.covariance([ALL[0], ALL[8]])[0][1]).toBeCloseTo(-0.0003182104, 8);
    const left = own.leaveOneOut();
    const means = [0.9197044335, -0.6631694332, 0.2703480129, 0.2375897057, -1.0473940547];
    const variances = [0.456185585, 0.0980280777, 0.3612222483, 1.1787570675, 0.0980280777];
    for (const [i, expected] of means.entries()) expect(left[i].mean).toBeCloseTo(expected, 8);
    for (const [i, expected] of variances.entries()) expect(left[i].variance).toBeCloseTo(expected, 8);
  });

  test("its samples have the posterior's mean and covariance", () => {
    const own = process();
    const rng = new Rng(3);
    const draws = Array.from({ length: 4000 }, () => {
      const { contributions, constant } = own.sample(rng);
      return ALL.map(([a, b]) => constant + contributions[0][a] + contributions[1][b]);
    });
    const mean = ALL.map((_, i) => draws.reduce((sum, draw) => sum + draw[i], 0) / draws.length);
    const covariance = own.covariance(ALL);
    ALL.forEach((choice, i) => {
      // Five standard errors of the mean; the seed is fixed.
      const error = Math.sqrt(covariance[i][i] / draws.length);
      expect(Math.abs(mean[i] - own.mean(choice))).toBeLessThan(5 * error);
      const shared = draws.reduce((sum, draw) => sum + (draw[i] - mean[i]) * (draw[0] - mean[0]), 0) / draws.length;
      expect(shared).toBeCloseTo(covariance[i][0], 1);
    });
  });
});

describe("calibration", () => {
  test("the sum of a network's scores is what the process expects of it, and the exact search finds its best", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 60, max: 130 }), (seed, macs) => {
        const ratings = table([2, 1, 2], seed);
        const calibration = calibrate(ratings, trained(ratings, 12, seed), { powers: [-1, 1] });
        const calibrated = calibration.calibrated(ratings);
        const all = allNetworks(calibrated);
        for (const network of all) {
          expect(-network.score).toBeCloseTo(calibration.process.mean(calibration.choiceOf(network)), 9);
        }
        const affordable = all.filter(({ cost }) => cost.macs! <= macs);
        const [found] = searchBest(calibrated, { macs });
        expect(found.score).toBeCloseTo(Math.min(...affordable.map(({ score }) => score)), 9);
        const best = Math.max(...affordable.map((network) => calibration.predict(network).accuracy));
        expect(calibration.predict(found).accuracy).toBeCloseTo(best, 9);
      }),
      { numRuns: 8 },
    );
  });

  test("knows networks that it did not see better than their mean does, and says how sure it is", () => {
    const ratings = table([2, 2]);
    const calibration = calibrate(ratings, trained(ratings, 24));
    const { rmse, rmseOfMean, predicted } = calibration.leftOut();
    expect(predicted).toHaveLength(24);
    expect(rmse).toBeLessThan(0.5 * rmseOfMean);
    expect(calibration.noise).toBeGreaterThan(0.001);
    expect(calibration.noise).toBeLessThan(0.01);
    for (const network of allNetworks(ratings)) {
      const { low, accuracy, high } = calibration.predict(network);
      expect(low).toBeLessThan(accuracy);
      expect(high).toBeGreaterThan(accuracy);
    }
  });

  test("is doubtful, and says so, where accuracies have nothing to do with the networks", () => {
    const seeds = Array.from({ length: 12 }, (_, i) => i + 1);
    const doubts = (accuracyOf: (accuracy: number, rng: Rng) => number) =>
      seeds.flatMap((seed) => {
        const ratings = table([2, 2], seed);
        const rng = new Rng(seed).fork("noise");
        const evidence = trained(ratings, 16, seed).map((one) => ({ ...one, accuracy: accuracyOf(one.accuracy, rng) }));
        return calibrationDoubt(calibrate(ratings, evidence)) ?? [];
      });
    expect(doubts((accuracy) => accuracy)).toEqual([]);
    const doubted = doubts((_, rng) => 0.2 + 0.05 * rng.uniform());
    // Noise looks like something now and then.
    expect(doubted.length).toBeGreaterThanOrEqual(seeds.length / 3);
    expect(doubted[0]).toMatch(/errs by [\d.]+ points, and their mean accuracy alone by [\d.]+ points.*Train longer/);
  });

  test("ratings that say all have a large share, those left out have none", () => {
    const ratings = table([1, 1, 1], 4);
    const evidence = allNetworks(ratings)
      .slice(0, 16)
      .map(({ choice, score }) => ({
        choice,
        accuracy: 0.9 - (0.05 * Math.log(choice.reduce((x, r) => x * r.score, 1))) / 3 + 0 * score,
      }));
    expect(calibrate(ratings, evidence).ratingShare).toBeGreaterThan(0.4);
    const without = calibrate(ratings, evidence, { ratings: false });
    expect(without.ratingShare).toBe(0);
    expect(without.readsRatings).toBe(false);
  });

  test("without ratings their values do not matter, be they NaN", () => {
    const ratings = table([2, 1]);
    const evidence = trained(ratings, 10);
    const unrated = {
      ...ratings,
      blocks: ratings.blocks.map((rows) => rows.map((row) => ({ ...row, score: Number.NaN }))),
    };
    const scores = [ratings, unrated].map((of) =>
      calibrate(of, evidence, { ratings: false })
        .calibrated(of)
        .blocks.flat()
        .map(({ score }) => score),
    );
    expect(scores[1]).toEqual(scores[0]);
    expect(() => calibrate(unrated, evidence)).toThrow(SpaceError);
  });

  test("refuses what says nothing", () => {
    const ratings = table([1, 1]);
    const evidence: { choice: FoundNetwork["choice"]; accuracy: number }[] = trained(ratings, 6);
    const changed = (accuracy: number) => evidence.map((one, i) => (i === 2 ? { ...one, accuracy } : one));
    expect(() => calibrate(ratings, evidence.slice(0, 3))).toThrow(/at least 4 trained networks/);
    expect(() => calibrate(ratings, changed(Number.NaN))).toThrow(/0 to 1, got NaN of network 3/);
    expect(() => calibrate(ratings, changed(91))).toThrow(ConfigError);
    expect(() =>
      calibrate(
        ratings,
        evidence.map((one) => ({ ...one, accuracy: 0.9 })),
      ),
    ).toThrow(/must differ in accuracy/);
    const foreign = [...evidence, { ...evidence[0], choice: evidence[0].choice.slice(1) }];
    expect(() => calibrate(ratings, foreign)).toThrow(SpaceError);
    expect(() => calibrate(ratings, evidence, { rating: false } as never)).toThrow(/did you mean ratings/);
  });

  test("a network that was trained several times counts several times", () => {
    const ratings = table([1, 1]);
    const evidence = trained(ratings, 6);
    const again = calibrate(ratings, [...evidence, evidence[0], evidence[0]]);
    const width = (of: typeof again) => {
      const { low, high } = of.predict(evidence[0]);
      return high - low;
    };
    expect(width(again)).toBeLessThan(width(calibrate(ratings, evidence)));
  });
});
