import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kendallTauB, partialTau, spearman } from "../../src/benchmark";
import {
  agreement,
  agreementReport,
  baselines,
  bootstrap,
  divide,
  equalMacsConcordance,
  meanRegret,
  ownTruth,
} from "../../src/benchmark/ranking";
import { ConfigError, DataError, Rng } from "../../src/core";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { type LabSupernet, lab } from "../../src/lab";
import { allNetworks } from "../../src/search";
import { networkId } from "../../src/space";
import { tinySupernet } from "../lab/tiny";

const folder = mkdtempSync(join(tmpdir(), "own-truth-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function shown(value: Displayable): Promise<string> {
  return String((await value[DISPLAY]())["text/plain"]);
}

describe("an own table of truth", () => {
  let supernet: LabSupernet;
  beforeAll(async () => {
    engine.use("auto", { threads: 1 });
    ({ supernet } = await tinySupernet());
  });

  it("says what ratings of any space are worth, beside the size of the networks", async () => {
    const ratings = supernet.withScores(({ ops }) => ops.filter((op) => op === "e2k3").length);
    const networks = allNetworks(ratings.table);
    const accuracyOf = (id: string) => 0.7 + 0.2 * new Rng(1).fork(id).uniform();
    // docs: own-truth
    // Accuracies of networks that were trained elsewhere; the keys are the ids of found networks (found.id).
    const truth = networks.map(({ choice }) => {
      const key = networkId(choice); // "c0.1_c1.0-1"
      return { key, accuracy: accuracyOf(key), trainings: [accuracyOf(`${key} a`), accuracyOf(`${key} b`)] };
    });
    const agreement = lab.agreement(ratings, truth);
    // end
    const { report } = agreement;
    const scores = networks.map(({ score }) => -score);
    const accuracies = truth.map(({ accuracy }) => 100 * accuracy);
    const macs = networks.map(({ cost }) => cost.macs!);
    expect(report.networks).toBe(12);
    expect(report.agreement.tau).toBeCloseTo(kendallTauB(scores, accuracies), 12);
    expect(report.agreement.spearman).toBeCloseTo(spearman(scores, accuracies), 12);
    expect(report.agreement.partialTau).toBeCloseTo(partialTau(scores, accuracies, macs), 12);
    expect(report.baselines.macs!.tau).toBeCloseTo(kendallTauB(macs, accuracies), 12);
    expect(report.baselines.ceiling).toBeDefined();
    const [low, high] = report.intervals.tau;
    expect(low).toBeLessThanOrEqual(high);
    const text = await shown(agreement);
    expect(text).toMatch(/Agreement with the true accuracies of 12 networks/);
    expect(text).toMatch(/summed rating +-?0\.\d{3} \[-?\d\.\d{3}, -?\d\.\d{3}\]/);
    expect(text).toMatch(/MACs alone[\s\S]*parameters alone[\s\S]*one training against another/);
    expect(text).toMatch(/figure: Does summed rating rank networks rightly/);
    // The same from a file, by networks, and in percent.
    const path = join(folder, "truth.json");
    writeFileSync(path, JSON.stringify(truth));
    expect(lab.agreement(ratings, path).report).toEqual(report);
    const byNetwork = truth.map(({ key: _, ...rest }, i) => ({ ...rest, network: networks[i] }));
    expect(lab.agreement(ratings, byNetwork).report).toEqual(report);
    const percent = (value: number) => 100 * value;
    const inPercent = truth.map((one) => ({
      ...one,
      accuracy: percent(one.accuracy),
      trainings: one.trainings.map(percent),
    }));
    expect(lab.agreement(ratings, inPercent).report).toEqual(report);
  });

  it("takes retrained networks and scores by keys; what cannot be measured is said", async () => {
    const found = supernet.withScores(() => 1).search();
    const rivals = found.random.atEqualMacs(3, { tolerance: 0.9 });
    for (const rival of rivals) await rival.retrain({ epochs: 1, batchSize: 16 });
    const ratings = supernet.withScores(({ id }) => id.length);
    expect(lab.agreement(ratings, rivals).networks.map(({ key }) => key)).toEqual(rivals.map(({ id }) => id));
    const front = await lab.pareto(rivals);
    expect(lab.agreement(ratings, front).networks).toHaveLength(3);
    // docs: own-truth-keys
    // Any benchmark: scores by key, lower is better, and accuracies, here of NAS-Bench-201.
    const cells = lab.benchmark("nas-bench-201").networks.slice(0, 500);
    const truth = cells.map(({ key, cifar10 }) => ({ key, accuracy: cifar10.test }));
    const zeros = lab.agreement(({ key }) => [...key].filter((digit) => digit === "0").length, truth, {
      label: "number of absent edges",
      draws: 20,
    });
    // end
    expect(zeros.report.agreement.tau).toBeGreaterThan(0);
    expect(zeros.report.agreement.partialTau).toBeNaN();
    expect(zeros.report.baselines).toEqual({});
    expect(await shown(zeros)).toMatch(/not measured +not measured +not measured/);
    expect(JSON.stringify(zeros.figure().figure)).toContain("number of absent edges");
    await expect(async () => lab.agreement(ratings, [found])).rejects.toThrow(/must be retrained first/);
  });

  it("is refused with a sentence where it is malformed", () => {
    const ratings = supernet.withScores(() => 1);
    const [a, b, c] = allNetworks(ratings.table).map(({ choice }) => ({ key: networkId(choice), accuracy: 0.8 }));
    const refused = (truth: unknown, message: RegExp, error: typeof ConfigError | typeof DataError = DataError) => {
      expect(() => lab.agreement(ratings, truth as [])).toThrow(message);
      expect(() => lab.agreement(ratings, truth as [])).toThrow(error);
    };
    refused([a, b], /at least 3 networks/);
    refused([a, b, a], /must stand in it once, got "c0\.0_c0\.0" twice/);
    refused([a, b, { ...c, accuracy: 81 }], /all from 0 to 1, or percent, all above 1, got 0.8 beside 81/);
    refused([a, b, { ...c, accuracy: Number.NaN }], /accuracy/);
    refused([a, b, { ...c, accuracy: undefined }], /accuracy/);
    refused([a, b, { ...c, macs: -1 }], /macs/);
    refused(
      [a, b, { key: c.key, acuracy: 0.8 }],
      /table of truth, network 3: "acuracy" is not known; did you mean accuracy\?/,
    );
    refused([a, b, { ...c, trainigs: [0.8] }], /did you mean trainings/);
    // What a table says beside is nobody's slip.
    expect(lab.agreement(ratings, [a, b, { ...c, source: "elsewhere", epochs: 3 } as typeof c]).networks).toHaveLength(
      3,
    );
    refused(
      [a, b, { key: "20111222", accuracy: 0.8 }],
      /found\.id.*such as "c0\.0_c0\.0", got "20111222"/,
      ConfigError,
    );
    refused([a, b, null], /expected object/);
    refused(7, /must be a list of networks/, ConfigError);
    expect(() => lab.agreement({ [a.key]: 1 }, [a, b, c])).toThrow(/finite score, got undefined for c0\.0_c1\.0|c0/);
    expect(() => lab.agreement(null as never, [a, b, c])).toThrow(/finite score/);
  });
});

describe("the study's measures on tables of any space", () => {
  const table = (count: number, seed = 1) => {
    const rng = new Rng(seed);
    return ownTruth(
      Array.from({ length: count }, (_, i) => {
        const macs = 1e5 * (1 + Math.floor(40 * rng.uniform()));
        const accuracy = 50 + macs / 1e6 + 3 * rng.normal();
        return {
          key: `network ${i}`,
          accuracy,
          macs,
          params: macs / 7,
          trainings: [accuracy, accuracy + rng.normal()],
        };
      }),
    );
  };

  it("regret is taken under limits of the table's own networks", () => {
    const networks = table(60);
    const truth = networks.map(({ accuracy }) => accuracy);
    const best = agreementReport(networks, truth, { draws: 10 });
    expect(best.agreement.regret).toBe(0);
    expect(best.agreement.tau).toBe(1);
    expect(best.budgets).toHaveLength(12);
    const worst = agreementReport(
      networks,
      truth.map((accuracy) => -accuracy),
      { draws: 10 },
    );
    expect(worst.agreement.regret).toBeGreaterThan(0);
    expect(worst.agreement.regret).toBeCloseTo(
      meanRegret(
        networks,
        truth.map((accuracy) => -accuracy),
        best.budgets,
      ),
      12,
    );
    const own = agreementReport(networks, truth, { draws: 10, budgets: [2e6] });
    expect(own.budgets).toEqual([2e6]);
    expect(Object.keys(best.baselines)).toEqual(["macs", "params", "ceiling"]);
    expect(baselines(networks).macs.tau).toBe(best.baselines.macs!.tau);
    const { tuning, reported } = divide(networks, ["network 3", "network 5"]);
    expect([tuning.length, reported.length]).toEqual([2, 58]);
  });

  it("the plain count of pairs says the same of tau and of concordance", () => {
    fc.assert(
      fc.property(fc.integer({ min: 3, max: 25 }), fc.integer({ min: 1, max: 1000 }), (count, seed) => {
        const networks = table(count, seed);
        const rng = new Rng(seed + 1);
        const scores = networks.map(() => Math.floor(5 * rng.uniform()));
        let balance = 0;
        let pairs = 0;
        for (let i = 0; i < count; i++) {
          for (let j = 0; j < i; j++) {
            const [a, b] = [networks[i], networks[j]];
            if (Math.abs(a.macs - b.macs) > 0.025 * Math.max(a.macs, b.macs)) continue;
            pairs++;
            balance += Math.sign(a.accuracy - b.accuracy) * Math.sign(scores[i] - scores[j]);
          }
        }
        const concordance = equalMacsConcordance(networks, scores);
        if (pairs === 0) expect(concordance).toBeNaN();
        else expect(concordance).toBeCloseTo(balance / pairs, 12);
        const [low, high] = bootstrap(networks, scores, { draws: 20 }).tau;
        expect(Number.isNaN(low) || low <= high).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it("a score that is not a number is refused, not ranked", () => {
    const networks = table(5);
    expect(() => agreement(networks, [1, 2, Number.NaN, 4, 5])).toThrow(/values must be numbers, got NaN at place 2/);
    expect(() => agreement(networks, [1, 2])).toThrow(ConfigError);
  });
});
