import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readTruth, type TrueNetwork } from "../../../src/benchmark";
import {
  BUDGETS,
  halfOfTeacher,
  macroKey,
  macroTable,
  meanRegret,
  networkScores,
  PickJudge,
  searchStudy,
  trueEffects,
  trueFront,
} from "../../../src/benchmark/ranking";
import { ConfigError, DataError, Rng } from "../../../src/core";
import { allNetworks } from "../../../src/search";
import { enumerateBlock, nasBenchMacroSpace } from "../../../src/space";
import { type RawRatings, storedRatings, storedRetraining } from "../../../src/study/ranking";

const CUTS = [2, 5];

function noise(text: string): number {
  return new Rng(1).fork(text).normal();
}

/** Ratings of all 51 candidates by a function of the digits. */
function ratedBy(score: (digits: string, block: number) => number): Record<string, number>[] {
  const space = nasBenchMacroSpace(CUTS);
  return space.blocks.map((_, block) => {
    const digits = enumerateBlock(space, block).map(({ path }) => path.join(""));
    return Object.fromEntries(digits.map((of) => [of, score(of, block)]));
  });
}

/** The space's networks with their real costs and accuracies that grow with the digits, less and less. */
const truth: TrueNetwork[] = allNetworks(
  macroTable(
    ratedBy(() => 1),
    CUTS,
  ),
).map((network) => {
  const key = macroKey(network);
  const size = [...key].reduce((sum, digit) => sum + Number(digit), 0);
  const accuracy = 93 - 12 * Math.exp(-size / 4) + 0.2 * noise(key);
  const { macs = 0, params = 0 } = network.cost;
  return { key, accuracy, trainings: [accuracy, accuracy], macs, params };
});

/** Ratings that a noisy supernet would give: one less the effect on the accuracy, and noise. */
function raw(seed: number, sigma: number, of = truth): RawRatings {
  const effects = trueEffects(of, CUTS);
  const blocks = ratedBy(
    (digits, block) => 10 - 0.1 * effects[block].get(digits)! + sigma * noise(`${seed}/${digits}/${block}`),
  );
  return {
    study: "02",
    variant: "dna",
    seed,
    cuts: CUTS,
    blocks,
    measures: { relativeL1: blocks },
  } as unknown as RawRatings;
}

describe("macroTable", () => {
  it("has the 3,969 distinct networks, and the scores that the study gives them", () => {
    const { blocks } = raw(1, 0.05);
    const weights = [0.5, 0.3, 0];
    const networks = allNetworks(macroTable(blocks, CUTS, weights));
    expect(new Set(networks.map(macroKey)).size).toBe(3969);
    const scores = networkScores(
      networks.map((network) => ({ key: macroKey(network) })),
      blocks,
      CUTS,
      weights,
    );
    networks.forEach(({ score }, i) => {
      expect(score).toBeCloseTo(-scores[i], 12);
    });
  });

  it("refuses blocks that end within a stage, and candidates without a rating", () => {
    const { blocks } = raw(1, 0);
    expect(() => macroTable(blocks, [3, 5])).toThrow(ConfigError);
    expect(() => macroTable(blocks.slice(0, 2), CUTS)).toThrow(/block 2 must have a weight and a rating of 000/);
  });
});

describe("PickJudge", () => {
  it("gives the truly best picks no regret, and the whole true front the whole hypervolume", () => {
    const judge = new PickJudge(truth);
    expect(judge.of(judge.best).regret).toBe(0);
    expect(judge.share(trueFront(truth))).toBeCloseTo(1, 12);
    expect(judge.of(judge.best).hypervolume).toBeLessThan(1);
    expect(judge.share(truth)).toBeCloseTo(1, 12);
  });

  it("never gives picks more than the front has, nor the best picks any better ones", () => {
    const judge = new PickJudge(truth);
    const affordable = BUDGETS.map((budget) => truth.filter(({ macs }) => macs <= budget));
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 12, maxLength: 12 }), (draws) => {
        const quality = judge.of(affordable.map((of, i) => of[draws[i] % of.length]));
        expect(quality.regret).toBeGreaterThanOrEqual(0);
        expect(quality.hypervolume).toBeGreaterThanOrEqual(0);
        expect(quality.hypervolume).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("searchStudy", () => {
  const options = { weights: [0.4, 0.3, 0.3], evaluations: [1, 10, 200], runs: 2 };
  const raws = [raw(1, 0.02), raw(2, 0.02)];
  const study = searchStudy(raws, truth, options);

  it("is plain JSON, and the same for the same seed", () => {
    expect(JSON.parse(JSON.stringify(study))).toEqual(study);
    expect(searchStudy(raws, truth, options)).toEqual(study);
    expect(searchStudy(raws, truth, { ...options, seed: 2 }).trials).not.toEqual(study.trials);
  });

  it("has the regret that the ranking study computes", () => {
    study.rated.forEach(({ regret }, i) => {
      const scores = networkScores(truth, raws[i].blocks, CUTS, options.weights);
      expect(regret).toBeCloseTo(meanRegret(truth, scores), 9);
    });
    expect(study.macsAlone.regret).toBeCloseTo(
      meanRegret(
        truth,
        truth.map(({ macs }) => macs),
      ),
      9,
    );
  });

  it("has searches by trial that come nearer to the optimum the longer they look, and never beyond", () => {
    for (const method of ["random search", "aging evolution"]) {
      const gaps = study.trials.filter((one) => one.method === method).map(({ gap }) => gap);
      expect(gaps).toHaveLength(3);
      for (const { low, mean, high } of gaps) {
        expect(low).toBeGreaterThanOrEqual(-1e-12);
        expect(mean).toBeGreaterThanOrEqual(low);
        expect(high).toBeGreaterThanOrEqual(mean);
      }
      expect(gaps[1].mean).toBeLessThan(gaps[0].mean);
      expect(gaps[2].mean).toBeLessThan(gaps[1].mean);
    }
  });

  it("lets both searches begin with the same networks", () => {
    const of = (method: string) => study.trials.filter((one) => one.method === method).slice(0, 2);
    const without = ({ method: _, ...rest }: (typeof study.trials)[number]) => rest;
    expect(of("random search").map(without)).toEqual(of("aging evolution").map(without));
  });

  it("with ratings that are the truth finds the true front and what is best at half the teacher's MACs", () => {
    const additive = truth.map((network) => {
      const accuracy = [...network.key].reduce((sum, digit, i) => sum + noise(`${i}/${digit}`), 80);
      return { ...network, accuracy };
    });
    const {
      rated,
      trueFront: front,
      truth: best,
    } = searchStudy([raw(1, 0, additive)], additive, { ...options, weights: [1, 1, 1] });
    // Sums of the same numbers in another order differ in their last bits.
    const near = (of: { macs: number; accuracy: number }[]) =>
      of.map(({ macs, accuracy }) => [macs, accuracy.toFixed(6)]);
    expect(near([...rated[0].front])).toEqual(near([...front]));
    expect(rated[0].frontHypervolume).toBeCloseTo(1, 9);
    expect(rated[0].regret).toBeCloseTo(0, 9);
    expect(rated[0].hypervolume).toBeCloseTo(best.hypervolume, 9);
    const { behindTeacher, leastBehindTeacher, aboveEquals, equals, found, limit } = rated[0].half;
    expect(behindTeacher).toBeCloseTo(leastBehindTeacher, 9);
    expect(aboveEquals).toBeGreaterThan(0);
    expect(equals.beaten).toBeGreaterThan(0.5);
    expect(found.macs).toBeLessThanOrEqual(limit);
  });
});

describe("NAS-Bench-Macro", () => {
  it("teacher 92.95 %, 105.7 M MACs; the best net of at most half is 0.65 points below; the counted MACs are the table's", () => {
    const real = readTruth();
    const table = macroTable(raw(1, 0, real).blocks, CUTS);
    const { teacher, leastBehindTeacher, best, limit } = halfOfTeacher(table, real);
    expect(teacher.accuracy).toBeCloseTo(92.95, 2);
    expect(teacher.macs / 1e6).toBeCloseTo(105.7, 1);
    expect(leastBehindTeacher).toBeCloseTo(0.65, 2);
    expect(best.macs).toBeLessThanOrEqual(limit);
    const macs = new Map(real.map((network) => [network.key, network.macs]));
    for (const network of allNetworks(table)) expect(network.cost.macs).toBe(macs.get(macroKey(network)));
  });
});

describe("storedRatings", () => {
  const folder = mkdtempSync(join(tmpdir(), "stored-ratings-"));

  it("reads the first variant's ratings under its measure in the order of their seeds, and the weights", () => {
    const results = join(folder, "02");
    mkdirSync(results);
    for (const seed of [10, 2]) {
      const of = { ...raw(seed, 0.1), measures: { nsr: raw(seed, 0.2).blocks } };
      writeFileSync(join(results, `dna-seed${seed}.json`), JSON.stringify(of));
    }
    writeFileSync(join(results, "spos-seed1.json"), JSON.stringify({ scores: {} }));
    writeFileSync(join(results, "other-seed1.json"), JSON.stringify({ ...raw(1, 0), variant: "other" }));
    writeFileSync(
      `${results}.json`,
      JSON.stringify({ weights: [1, 0, 2], variants: [{ variant: "dna", measure: "nsr" }] }),
    );
    const { weights, raws, measure } = storedRatings(results);
    expect([measure, weights]).toEqual(["nsr", [1, 0, 2]]);
    expect(raws[0].blocks).toEqual(raw(2, 0.2).blocks);
    expect(raws.map(({ seed }) => seed)).toEqual([2, 10]);
  });

  it("says what is absent and how it is made", () => {
    expect(() => storedRatings(join(folder, "none"))).toThrow(DataError);
    expect(() => storedRatings(join(folder, "none"))).toThrow(
      /none.json and .*none must exist.*blockwise study ranking/,
    );
    expect(storedRetraining(join(folder, "none.json"))).toBeUndefined();
  });
});
