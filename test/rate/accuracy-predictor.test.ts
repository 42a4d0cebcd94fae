import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ConfigError, Rng } from "../../src/core";
import { fitAccuracyPredictor, type ScoredBlocks } from "../../src/rate";

/** Networks whose accuracy falls with their blocks' scores, with noise. */
function networks(count: number, noise: number, seed = 1): ScoredBlocks[] {
  const rng = new Rng(seed).fork("networks");
  return Array.from({ length: count }, () => {
    const scores = [rng.uniform(), 3 * rng.uniform(), 0.2 * rng.uniform()];
    const accuracy = 0.95 - 0.1 * scores[0] - 0.02 * scores[1] - 0.3 * scores[2] + noise * rng.normal();
    return { scores, accuracy };
  });
}

describe("the accuracy predictor", () => {
  test("finds what the accuracy is made of", () => {
    const { coefficients, intercept, predict } = fitAccuracyPredictor(networks(30, 0));
    for (const [i, expected] of [-0.1, -0.02, -0.3].entries()) expect(coefficients[i] / expected).toBeCloseTo(1, 2);
    expect(intercept).toBeCloseTo(0.95, 3);
    expect(predict([0.5, 1, 0.1])).toBeCloseTo(0.85, 3);
  });

  test("its cross-validated error is about the noise, and says what guessing the mean would give", () => {
    const { crossValidation } = fitAccuracyPredictor(networks(30, 0.01));
    expect(crossValidation.rmse).toBeGreaterThan(0.006);
    expect(crossValidation.rmse).toBeLessThan(0.016);
    expect(crossValidation.rmseOfMean).toBeGreaterThan(2 * crossValidation.rmse);
    expect(crossValidation.predicted).toHaveLength(30);
  });

  test("no network's prediction depends on its own accuracy", () => {
    const all = networks(12, 0.01);
    const changed = all.map((network, i) => (i === 3 ? { ...network, accuracy: 0.1 } : network));
    const [before, after] = [all, changed].map((of) => fitAccuracyPredictor(of).crossValidation.predicted);
    expect(after[3]).toBe(before[3]);
    expect(after[4]).not.toBe(before[4]);
  });

  test("where scores say nothing it is no better than the mean", () => {
    const rng = new Rng(2);
    const random = networks(30, 0).map(({ scores }) => ({ scores, accuracy: rng.uniform() }));
    const { rmse, rmseOfMean } = fitAccuracyPredictor(random).crossValidation;
    expect(rmse).toBeGreaterThan(0.95 * rmseOfMean);
  });

  test("the unit of a block's score does not matter", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 100, noNaN: true }), (unit) => {
        const all = networks(10, 0.01);
        const scaled = all.map(({ scores: [a, ...rest], accuracy }) => ({ scores: [unit * a, ...rest], accuracy }));
        const [plain, other] = [all, scaled].map((of) => fitAccuracyPredictor(of));
        expect(other.predict([0.5 * unit, 1, 0.1])).toBeCloseTo(plain.predict([0.5, 1, 0.1]), 9);
      }),
      { numRuns: 20 },
    );
  });

  test("second-order terms see what blocks do to each other", () => {
    const curved = networks(24, 0).map(({ scores }) => ({ scores, accuracy: 0.9 - 0.2 * scores[0] * scores[1] }));
    const [plain, second] = [false, true].map((secondOrder) => fitAccuracyPredictor(curved, { secondOrder }));
    expect(second.crossValidation.rmse).toBeLessThan(0.2 * plain.crossValidation.rmse);
  });

  test("too few networks, uneven ones and no penalty are refused", () => {
    expect(() => fitAccuracyPredictor(networks(3, 0))).toThrow(ConfigError);
    const uneven = [...networks(5, 0), { scores: [1], accuracy: 0.5 }];
    expect(() => fitAccuracyPredictor(uneven)).toThrow(/same blocks/);
    expect(() => fitAccuracyPredictor(networks(5, 0), { penalties: [] })).toThrow(/penalties/);
    const holed = networks(6, 0).map((network, i) => (i === 4 ? { ...network, accuracy: Number.NaN } : network));
    expect(() => fitAccuracyPredictor(holed)).toThrow(/network 4 has not/);
  });
});
