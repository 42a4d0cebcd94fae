import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engine, syntheticDataset } from "../../../src";
import { readTruth } from "../../../src/benchmark";
import { storedRatings } from "../../../src/study/ranking";
import { improveByProxy, type ProxyTraining, summariseImproveProxy } from "../../../src/systems/dna-studies";

const folder = mkdtempSync(join(tmpdir(), "improve-proxy-"));
const [raw] = storedRatings("notebooks/expected/02_dna_ranking").raws;
const truth = readTruth();
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

it("trains in full and by the proxy, both on the networks of the full loop, and none twice", async () => {
  const shape = { height: 32, width: 32, channels: 3 };
  const data = syntheticDataset({ count: 24, validationCount: 8, testCount: 8, classes: 4, shape });
  const settings = {
    networks: 4,
    rounds: 1,
    budgets: [25e6],
    seed: 1,
    data: { seed: 1, trainCount: 24, validationCount: 8, testCount: 8 },
    training: { batchSize: 8 },
    epochs: 2,
    proxy: "c2r2s1e1",
  };
  const once = await improveByProxy(raw, data, folder, settings);
  expect(once.loops.full).toHaveLength(4);
  expect(once.same.map(({ key }) => key)).toEqual(once.loops.full.map(({ key }) => key));
  // A proxy of a quarter of the multiply-adds by either factor, but for depthwise layers, and of a quarter of the image visits.
  const macs = (trainings: readonly ProxyTraining[]) => trainings.reduce((sum, one) => sum + one.trainingMacs, 0);
  expect(macs(once.same) / macs(once.loops.full)).toBeLessThan(1 / 32);
  const journal = join(folder, "full", "outcomes.jsonl");
  const before = readFileSync(journal);
  expect(await improveByProxy(raw, data, folder, settings)).toEqual(once);
  expect(readFileSync(journal)).toEqual(before);
});

it("a proxy that agrees with the full trainings loses nothing, one that turns them round all", () => {
  // Looked up in the table of truth, as if trained.
  const some = truth.filter((_, i) => i % 250 === 7).slice(0, 16);
  const trainings = (of: (accuracy: number) => number, cost: number) =>
    some.map(({ key, accuracy }) => ({ key, validation: of(accuracy), seconds: cost, trainingMacs: 2 * cost }));
  const full = trainings((accuracy) => accuracy, 10);
  const alike = trainings((accuracy) => accuracy, 1);
  const fair = summariseImproveProxy({ loops: { full, proxy: alike }, same: alike }, raw, truth);
  const [ratings, proxy, whole] = fair.arms;
  expect(proxy.regret).toBe(whole.regret);
  expect(proxy.tau).toBe(whole.tau);
  expect(whole.tau).toBeGreaterThan(ratings.tau);
  expect(ratings.seconds).toBe(0);
  expect(fair.cost).toEqual({ seconds: 0.1, trainingMacs: 0.1 });
  expect(fair.agreement.loss.value).toBe(0);
  const turned = trainings((accuracy) => 100 - accuracy, 1);
  const unfair = summariseImproveProxy({ loops: { full, proxy: turned }, same: turned }, raw, truth);
  expect(unfair.agreement.both.value).toBeCloseTo(-1);
  expect(unfair.arms[1].tau).toBeLessThan(whole.tau);
});
