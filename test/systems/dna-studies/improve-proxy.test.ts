import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { engine, lab, syntheticDataset } from "../../../src";
import { readTruth } from "../../../src/benchmark";
import { storedRatings } from "../../../src/study/ranking";
import {
  IMPROVE_PROXY_SETTINGS,
  improveByProxy,
  type ProxyTraining,
  storedImproveProxy,
  summariseImproveProxy,
  trainPicked,
} from "../../../src/systems/dna-studies";
import { picksOf } from "../../../src/systems/dna-studies/improve-proxy-picks";

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
    picked: { seeds: [2], testCount: 8 },
  };
  const once = await improveByProxy(raw, data, folder, settings);
  expect(once.loops.full).toHaveLength(4);
  expect(once.same.map(({ key }) => key)).toEqual(once.loops.full.map(({ key }) => key));
  // A proxy of a quarter of the multiply-adds by either factor, but for depthwise layers, and of a quarter of the image visits.
  const macs = (trainings: readonly ProxyTraining[]) => trainings.reduce((sum, one) => sum + one.trainingMacs, 0);
  expect(macs(once.same) / macs(once.loops.full)).toBeLessThan(1 / 32);
  const picked = await trainPicked(once, raw, data, folder, settings);
  const picks = picksOf(once.loops, raw, settings.budgets);
  expect(new Set(Object.keys(picked))).toEqual(new Set([...picks.ratings, ...picks.proxy, ...picks.full]));
  for (const accuracies of Object.values(picked)) expect(accuracies).toEqual([expect.any(Number)]);
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
  const settings = { ...IMPROVE_PROXY_SETTINGS, ratings: raw.seed };
  const accuracyOf = new Map(truth.map(({ key, accuracy }) => [key, accuracy]));
  const summary = (loops: { full: ProxyTraining[]; proxy: ProxyTraining[] }) => {
    const picks = Object.values(picksOf(loops, raw, settings.budgets)).flat();
    // From the second seed on a point better.
    const picked = Object.fromEntries(picks.map((key) => [key, [accuracyOf.get(key)!, accuracyOf.get(key)! + 1]]));
    return summariseImproveProxy({ settings, loops, same: loops.proxy, picked }, raw, truth);
  };
  const fair = summary({ full, proxy: alike });
  const [ratings, proxy, whole] = fair.arms;
  expect(proxy.regret).toBe(whole.regret);
  expect(proxy.tau).toBe(whole.tau);
  expect(whole.tau).toBeGreaterThan(ratings.tau);
  expect(ratings.seconds).toBe(0);
  expect(fair.cost).toEqual({ seconds: 0.1, trainingMacs: 0.1 });
  expect(fair.agreement.loss.value).toBe(0);
  expect(proxy.gain).toEqual(whole.gain);
  expect(whole.gain!.mean).toBeCloseTo(whole.picked.mean - ratings.picked.mean, 9);
  expect(ratings.gain).toBeUndefined();
  const turned = trainings((accuracy) => 100 - accuracy, 1);
  const unfair = summary({ full, proxy: turned });
  expect(unfair.agreement.both.value).toBeCloseTo(-1);
  expect(unfair.arms[1].tau).toBeLessThan(whole.tau);
});

it("has its stored trainings in the settings that it has now, and shows them", () => {
  const stored = storedImproveProxy("notebooks/expected/11_improve_proxy.json");
  expect(stored.settings).toEqual(JSON.parse(JSON.stringify({ ...IMPROVE_PROXY_SETTINGS, ratings: raw.seed })));
  const { arms } = summariseImproveProxy(stored, raw, truth);
  for (const { regret, picked } of arms) expect(regret * picked.mean).toBeGreaterThan(0);
  const shown = lab.improveProxy("notebooks/expected/11_improve_proxy.json");
  expect(shown.table().rows).toHaveLength(arms.length);
  expect(shown.findings().sentences.join(" ")).not.toMatch(/NaN|undefined|Infinity/);
  expect(() => lab.improveProxy("nowhere.json")).toThrow(/npx blockwise study improve-proxy/);
});
