import { beforeAll, describe, expect, it } from "vitest";
import { readTruth, tuningKeys } from "../../../src/benchmark";
import { agreement, macroKey, macroTable, meanRegret, PickJudge } from "../../../src/benchmark/ranking";
import { allNetworks } from "../../../src/search";
import { storedRatings } from "../../../src/study/ranking";
import { calibrate } from "../../../src/surrogate";
import {
  type ImproveRun,
  type ImproveStudy,
  improveFile,
  improveStudy,
  storedImproveStudy,
} from "../../../src/systems/dna-studies";

const RATINGS = "notebooks/expected/02_dna_ranking";
const truth = readTruth();
const byKey = new Map(truth.map((network) => [network.key, network]));
const { raws } = storedRatings(RATINGS);

function trainedOf({ trained }: ImproveRun): { key: string; accuracy: number }[] {
  return trained.split(" ").map((one) => {
    const [key, training] = one.split(":");
    return { key, accuracy: byKey.get(key)!.trainings[Number(training)] / 100 };
  });
}

/** Tau and concordance of a run, from its trained networks alone. */
function ranked(run: ImproveRun, ratings: boolean) {
  const raw = raws.find(({ seed }) => seed === run.seed)!;
  const table = macroTable(raw.blocks, raw.cuts);
  const networks = new Map(allNetworks(table).map((network) => [macroKey(network), network]));
  const evidence = trainedOf(run).map(({ key, accuracy }) => ({ choice: networks.get(key)!.choice, accuracy }));
  const calibrated = calibrate(table, evidence, { ratings }).calibrated(table);
  const scores = new Map(allNetworks(calibrated).map((network) => [macroKey(network), -network.score]));
  const without = new Set([...tuningKeys(), ...evidence.map(({ choice }) => macroKey({ choice: choice as never }))]);
  const reported = truth.filter(({ key }) => !without.has(key));
  return agreement(
    reported,
    reported.map(({ key }) => scores.get(key)!),
  );
}

describe("the stored study of calibration", () => {
  const stored = storedImproveStudy(improveFile(RATINGS));
  const judge = new PickJudge(truth);

  it("has twenty draws for each of three seeds, no tuning network among the random ones", () => {
    for (const of of [stored.rank, stored.pick]) {
      for (const counts of Object.values(of)) {
        for (const count of ["16", "30"]) {
          const runs: readonly ImproveRun[] = counts[count].picks;
          expect(runs).toHaveLength(60);
          expect(runs.every((run) => trainedOf(run).length === Number(count))).toBe(true);
        }
      }
    }
    const tuning = new Set(tuningKeys());
    for (const run of stored.rank.with_ratings["30"].picks) {
      expect(trainedOf(run).some(({ key }) => tuning.has(key))).toBe(false);
    }
  });

  it("its figures follow from the raw networks", () => {
    for (const ratings of [true, false]) {
      const { picks, tau } = stored.rank[ratings ? "with_ratings" : "without_ratings"]["30"];
      for (const run of [picks[0], picks[25]]) {
        const again = ranked(run, ratings);
        expect(again.tau).toBeCloseTo(run.tau, 6);
        expect(again.concordance).toBeCloseTo(run.concordance, 6);
      }
      expect(picks.reduce((sum, run) => sum + run.tau, 0) / picks.length).toBeCloseTo(tau.mean, 9);
    }
    for (const counts of Object.values(stored.pick)) {
      for (const { picks, regret } of Object.values(counts)) {
        const again = picks.map(({ picked }) => judge.of(picked.split(" ").map((key) => byKey.get(key)!)).regret);
        for (const [i, value] of again.entries()) expect(value).toBeCloseTo(picks[i].regret, 9);
        expect(again.reduce((sum, value) => sum + value, 0) / again.length).toBeCloseTo(regret.mean, 9);
      }
    }
  });

  it("reaches its targets, above random search and evolution", () => {
    const { rank, pick } = stored;
    expect(rank.with_ratings["30"].tau.mean).toBeGreaterThan(0.77);
    expect(rank.with_ratings["30"].concordance.mean).toBeGreaterThan(0.62);
    expect(pick.with_ratings["30"].regret.mean).toBeLessThan(0.4);
    expect(pick.with_ratings["16"].regret.mean).toBeLessThan(0.6);
    for (const count of ["16", "30"]) {
      const ours = pick.with_ratings[count].regret.mean;
      expect(pick.without_ratings[count].regret.mean).toBeGreaterThan(ours);
      expect(pick.evolution[count].regret.mean).toBeGreaterThan(ours);
      expect(pick.random_search[count].regret.mean).toBeGreaterThan(ours);
    }
  });
});

describe("the simulation", () => {
  const settings = { draws: 1, counts: [8, 10] };
  let study: ImproveStudy;
  beforeAll(async () => {
    study = await improveStudy(raws.slice(0, 1), truth, settings);
  });

  it("goes on with the draws that are there, and gives the same for the same seed", async () => {
    const done = new Map();
    const first = await improveStudy(raws.slice(0, 1), truth, settings, {}, done);
    expect(first).toEqual(study);
    expect(await improveStudy(raws.slice(0, 1), truth, settings, {}, done)).toEqual(study);
    expect([...done.keys()]).toEqual(["1/0"]);
  });

  it("never picks beyond a limit, and regret is nothing for the truly best", () => {
    const judge = new PickJudge(truth);
    for (const counts of Object.values(study.pick)) {
      for (const { picked } of counts["10"].picks) {
        picked.split(" ").forEach((key, i) => {
          expect(byKey.get(key)!.macs).toBeLessThanOrEqual(judge.budgets[i]);
        });
      }
    }
    expect(
      meanRegret(
        truth,
        truth.map(({ accuracy }) => accuracy),
      ),
    ).toBe(0);
  });
});
