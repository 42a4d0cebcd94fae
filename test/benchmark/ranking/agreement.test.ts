import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blockDigits, canonicalKeys, reportedSample, type TrueNetwork, tuningKeys } from "../../../src/benchmark";
import {
  agreement,
  blockTaus,
  bootstrap,
  divide,
  equalMacsConcordance,
  meanRegret,
  networkScores,
  trueEffects,
  tuneWeights,
} from "../../../src/benchmark/ranking";
import { packageRoot, Rng } from "../../../src/core";

const CUTS = [2, 5];

/** Networks whose accuracy is a sum of effects of their blocks, and MACs that grow with the digits. */
function additive(effect: (digits: string, block: number) => number): TrueNetwork[] {
  return canonicalKeys().map((key) => {
    const accuracy = blockDigits(key, CUTS).reduce((sum, digits, block) => sum + effect(digits, block), 80);
    const macs = 10e6 + [...key].reduce((sum, digit) => sum + Number(digit) * 4e6, 0);
    return { key, accuracy, trainings: [accuracy, accuracy], macs, params: macs / 10 };
  });
}

/** Any fixed numbers in [0, 1) by text. */
function noise(text: string): number {
  return new Rng(1).fork(text).uniform();
}

const networks = additive((digits, block) => noise(`${digits}/${block}`));
const ratings = [0, 1, 2].map((block) =>
  Object.fromEntries([...trueEffects(networks, CUTS)[block]].map(([digits, effect]) => [digits, -effect])),
);

describe("the ranking study's networks", () => {
  test("are 3,969, of which a fixed 100 are for tuning, apart from those reported on", () => {
    expect(new Set(canonicalKeys()).size).toBe(3969);
    expect(canonicalKeys()).toContain("00201222");
    expect(canonicalKeys()).not.toContain("00210222");
    expect(new Set(tuningKeys()).size).toBe(100);
    const canonical = new Set(canonicalKeys());
    expect(tuningKeys().filter((key) => !canonical.has(key))).toEqual([]);
    const { tuning, reported } = divide(networks);
    expect([tuning.length, reported.length]).toEqual([100, 3869]);
    const sample = reportedSample(50);
    expect(sample.some((key) => tuningKeys().includes(key))).toBe(false);
    expect(reportedSample(200)).toEqual(expect.arrayContaining(sample));
    expect(reportedSample(3869)).toEqual(reported.map(({ key }) => key).sort());
  });
});

test("the networks that SPOS was rated on are the first of the committed list, whatever the generator draws", () => {
  const stored = join(packageRoot(), "notebooks", "expected", "02_dna_ranking", "spos-seed1.json");
  const { scores } = JSON.parse(readFileSync(stored, "utf8"));
  const file = join(packageRoot(), "data", "benchmarks", "nas-bench-macro.reported.json");
  const count = Object.keys(scores).length;
  expect(reportedSample(count)).toEqual(Object.keys(scores).sort());
  expect(JSON.parse(readFileSync(file, "utf8")).slice(0, count).sort()).toEqual(reportedSample(count));
});

test("the networks that studies tune on are the committed list, whatever the generator draws", () => {
  const file = join(packageRoot(), "data", "benchmarks", "nas-bench-macro.tuning.json");
  expect(tuningKeys()).toEqual(JSON.parse(readFileSync(file, "utf8")));
  // Every stored figure was tuned on these: another list is another study.
  const digest = createHash("sha256").update(tuningKeys().join("")).digest("hex");
  expect(digest).toBe("2c1f33a312f13b8c21dbc9cc3d312f5ec62919dc548168efc31f190549dd201e");
});

describe("agreement", () => {
  test("is perfect for scores that are the truth, whatever their scale", () => {
    const { tau, concordance, regret, pearson } = agreement(networks, networkScores(networks, ratings, CUTS));
    // Some accuracies are equal but for the last bits of their sums.
    expect(tau).toBeGreaterThan(0.99);
    expect(pearson).toBeCloseTo(1, 6);
    expect(concordance).toBeGreaterThan(0.999);
    expect(regret).toBeCloseTo(0, 9);
    expect(blockTaus(networks, ratings, CUTS)).toEqual([1, 1, 1]);
  });

  test("of equal cost looks at pairs of like MACs only, ties being neither", () => {
    const of = (accuracy: number, macs: number): TrueNetwork => ({
      key: "00000000",
      accuracy,
      trainings: [],
      macs,
      params: 1,
    });
    const few = [of(90, 100), of(91, 101), of(92, 100.5), of(99, 200)];
    // Pairs of like cost: 90-91 concordant, 90-92 tied, 91-92 discordant.
    expect(equalMacsConcordance(few, [1, 2, 1, 0])).toBeCloseTo(0);
    expect(equalMacsConcordance(few, [1, 2, 3, 0])).toBe(1);
    expect(equalMacsConcordance(few, [3, 2, 1, 0])).toBe(-1);
    // As tau: nothing is measured where all are equally accurate, or nothing is ranked.
    const equal = few.map((network) => ({ ...network, accuracy: 90 }));
    expect(equalMacsConcordance(equal, [1, 2, 3, 0])).toBeNaN();
    expect(equalMacsConcordance(few, [1, 1, 1, 0])).toBeNaN();
  });

  test("regret is what the best scored affordable network lacks to the best one; unattainable budgets are left out", () => {
    const few = networks
      .slice(0, 3)
      .map((network, i) => ({ ...network, macs: [10, 20, 30][i], accuracy: [80, 90, 85][i] }));
    expect(meanRegret(few, [1, 2, 3], [30])).toBe(5);
    expect(meanRegret(few, [1, 2, 3], [5, 20, 30])).toBe(2.5);
  });

  test("a bootstrap interval holds the value", () => {
    const some = networks.filter((_, i) => i % 20 === 0);
    const scores = some.map(({ accuracy, key }) => accuracy + 0.3 * noise(key));
    const { tau } = agreement(some, scores);
    const [low, high] = bootstrap(some, scores, { draws: 60 }).tau;
    expect(low).toBeLessThan(tau);
    expect(high).toBeGreaterThan(tau);
    expect(high - low).toBeLessThan(0.2);
  });
});

describe("weights of the blocks", () => {
  test("a block rated by chance loses its weight, and the tuned weights are no worse than the plain sum", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 }), fc.integer(), (spoilt, salt) => {
        const blocks = ratings.map((block, i) =>
          i === spoilt
            ? Object.fromEntries(Object.keys(block).map((digits) => [digits, noise(`${digits}${salt}`)]))
            : block,
        );
        const { tuning } = divide(networks);
        const weights = tuneWeights(tuning, [blocks], CUTS);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 3);
        const tau = (of?: number[]) => agreement(tuning, networkScores(tuning, blocks, CUTS, of)).tau;
        expect(tau(weights)).toBeGreaterThanOrEqual(tau() - 1e-12);
        expect(weights[spoilt]).toBeLessThan(1 / 3);
      }),
      { numRuns: 5 },
    );
  });

  test("a network whose block is not rated is named", () => {
    const [first, ...rest] = ratings;
    const { "00": _, ...without } = first;
    expect(() => networkScores(networks, [without, ...rest], CUTS)).toThrow(
      /block 0 must rate 00 for network 00000000/,
    );
  });
});
