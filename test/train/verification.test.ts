/** Verification of pairs against the same protocol in numpy. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Rng } from "../../src/core";
import { areaUnder, type JudgedPairs, rocCurve, tarAtFar, verification } from "../../src/train";
import { describePyTorch } from "../engine/reference";

const FAR = [0.001, 0.01, 0.05, 0.1, 0.5];

/** Similarities that overlap, rounded so that many are equal. */
function drawn(seed: number, count: number, digits: number): { similarities: number[]; judged: JudgedPairs } {
  const rng = new Rng(seed);
  const pairs = Array.from({ length: count }, (_, i) => ({ same: i % 2 === 0, fold: Math.floor((10 * i) / count) }));
  const similarities = pairs.map(({ same }) => Number((0.25 * rng.normal() + (same ? 0.5 : 0.1)).toFixed(digits)));
  return { similarities, judged: { folds: 10, pairs } };
}

describePyTorch("verification by numpy", () => {
  it.each([
    [1, 600, 6],
    [2, 600, 2],
    [3, 200, 1],
  ])("has the same thresholds, accuracies and rates (seed %i, %i pairs, %i digits)", (seed, count, digits) => {
    const { similarities, judged } = drawn(seed, count, digits);
    const asked = {
      similarities,
      same: judged.pairs.map(({ same }) => same),
      fold: judged.pairs.map(({ fold }) => fold),
      far: FAR,
    };
    const script = join(__dirname, "../golden/verification.py");
    const { stdout, stderr } = spawnSync(process.env.BLOCKWISE_PYTHON ?? "/usr/bin/python3", [script], {
      input: JSON.stringify(asked),
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const wanted = JSON.parse(stdout);
    const found = verification(similarities, judged);
    expect(found.accuracy).toBeCloseTo(wanted.accuracy, 12);
    expect(found.deviation).toBeCloseTo(wanted.deviation, 12);
    expect(found.folds.map(({ accuracy }) => accuracy)).toEqual(wanted.accuracies);
    found.folds.forEach(({ threshold }, i) => {
      expect(threshold).toBeCloseTo(wanted.thresholds[i], 12);
    });
    for (const far of FAR) {
      const tar = tarAtFar(similarities, judged, far);
      if (far * (count / 2) < 1) expect(tar).toBeUndefined();
      else expect(tar).toBeCloseTo(wanted.tar[far], 12);
    }
    expect(areaUnder(rocCurve(similarities, judged))).toBeCloseTo(wanted.area, 12);
  });
});

describe("verification", () => {
  const judged: JudgedPairs = {
    folds: 2,
    pairs: [0, 0, 1, 1].map((fold, i) => ({ fold, same: i % 2 === 0 })),
  };

  it("is right about pairs that a threshold tells apart, and a curve begins with nothing accepted", () => {
    const similarities = [0.9, 0.1, 0.8, 0.2];
    expect(verification(similarities, judged)).toMatchObject({ accuracy: 1, deviation: 0 });
    expect(rocCurve(similarities, judged)[0]).toEqual({ threshold: Number.POSITIVE_INFINITY, far: 0, tar: 0 });
    expect(tarAtFar(similarities, judged, 0.5)).toBe(1);
  });

  it("says that a rate is not measured where pairs are too few", () => {
    expect(tarAtFar([0.9, 0.1, 0.8, 0.2], judged, 0.01)).toBeUndefined();
  });

  it("refuses what cannot be judged, and says why", () => {
    expect(() => verification([0.9, Number.NaN, 0.8, 0.2], judged)).toThrow(/must be finite, got NaN for pair 1/);
    expect(() => verification([0.9], judged)).toThrow(/one a pair, got 1 for 4/);
    const oneKind = { folds: 1, pairs: [{ same: true, fold: 0 }] };
    expect(() => verification([0.9], oneKind)).toThrow(/pairs of one person and of two/);
    expect(() => tarAtFar([0.9, 0.1, 0.8, 0.2], judged, 0)).toThrow(/far must be a number in \(0, 1\]/);
  });
});
