import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ConfigError, readJson, SpaceError } from "../../src/core";
import { latencyCsv, parseLatencyCsv } from "../../src/cost";
import { DISPLAY, type Displayable } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { type LabRatings, lab } from "../../src/lab";
import type { RatedSpace } from "../../src/rate";
import { loadFound } from "../../src/retrain";
import { allNetworks, type FoundNetwork, weightedTable } from "../../src/search";
import { mbconv } from "../../src/space";
import { RunDirectory } from "../../src/study";
import { parseExperiment, runExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "../systems/tiny-experiment";
import { tinyArchitecture } from "../teacher/tiny";
import { tinySupernet } from "./tiny";

type Flow = Awaited<ReturnType<typeof tinySupernet>>;

const folder = () => mkdtempSync(join(tmpdir(), "lab-switches-"));

/** All that a value shows, as text. */
async function shown(value: Displayable): Promise<string> {
  return String((await value[DISPLAY]())["text/plain"]);
}

/** The least score of all networks that pass. */
function least(table: RatedSpace, passes: (network: FoundNetwork) => boolean): number {
  return Math.min(
    ...allNetworks(table)
      .filter(passes)
      .map(({ score }) => score),
  );
}

let flow: Flow;
let ratings: LabRatings;
beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  flow = await tinySupernet();
  await flow.supernet.distill({ epochs: 1, batchSize: 16 });
  ratings = await flow.supernet.rate();
});

it("a teacher is cut at a number of blocks, at stages, at indices and at names", () => {
  const { teacher } = flow;
  const ends = (...[points]: Parameters<typeof teacher.split>) =>
    teacher.split(points).blocks.map(({ lastLayer }) => lastLayer);
  expect(ends([1])).toEqual([1, 3]);
  expect(ends({ after: ["block0.0"] })).toEqual([1, 3]);
  expect(ends("stages")).toEqual([1, 3]);
  expect(ends({ after: [0, "block1.0"] })).toEqual([0, 2, 3]);
  expect(teacher.split(3)).toHaveLength(3);
  expect(teacher.layers().rows.map((row) => row[1])).toEqual(["stem.0", "block0.0", "block1.0", "block1.1"]);
  expect(() => teacher.split({ after: ["block7.0"] })).toThrow(SpaceError);
});

describe("rating in cells", () => {
  it("blocks fed by the student get the ratings of `blockwise run` with the same switches", async () => {
    const rate = { ...tinyExperiment.rate, score: "divergence", recalibrate: false } as const;
    const config = parseExperiment({
      ...tinyExperiment,
      distill: { ...tinyExperiment.distill, epochs: 2, guideInput: "student", labelLoss: 0.2 },
      rate,
      search: { macs: "60k", weights: [1, 2] },
      retrain: { ...tinyExperiment.retrain, epochs: 1, alongFront: 1, random: 0 },
    });
    const run = RunDirectory.open(join(folder(), "run"), config);
    let expected: RatedSpace;
    try {
      await runExperiment(config, run);
      expected = readJson(run.file("ratings", "table.json")) as RatedSpace;
    } finally {
      run.close();
    }
    const counts = { trainCount: 256, validationCount: 64, testCount: 64 };
    const data = await lab.data("synthetic", { seed: 4, ...counts });
    const teacher = await lab.teacher(tinyArchitecture, { data, epochs: 2, batchSize: 32 });
    const { cells } = tinyExperiment.space!;
    const supernet = lab.supernet(teacher.split([1]), { ops: mbconv([3, 5], [2], { seRatio: 0.25 }), cells });
    const settings = { images: 128, epochs: 2, batchSize: 8, guideInput: "student", labelLoss: 0.2 } as const;
    await supernet.distill({ ...settings, rating: rate });
    const rated = (await supernet.rate(rate)).weighted([1, 2]);
    expect(JSON.parse(JSON.stringify(rated.table))).toEqual(expected);
    expect(await shown(rated)).toMatch(/divergence \(nats\)[\s\S]*Blocks count 1, 2/);
    // Another rating of the same supernets, on other images, and back.
    const other = await supernet.rate({ ...rate, images: 32, score: "nsr" });
    expect(other.table.blocks.flat().every(({ score, nsr, divergence }) => score === nsr && !divergence)).toBe(true);
    expect((await supernet.rate(rate)).weighted([1, 2]).table).toEqual(rated.table);
    expect((await supernet.featureMaps({ images: 1, channels: 1 })).figure.layout.images).toHaveLength(2);
  });

  it("a rating has its score and its norms, whatever was rated before", async () => {
    const { supernet } = flow;
    const divergence = await supernet.rate({ score: "divergence" });
    for (const row of divergence.table.blocks.flat()) expect(row.score).toBe(row.divergence);
    const plain = await supernet.rate({ recalibrate: false });
    const { supernet: fresh } = await tinySupernet();
    await fresh.distill({ epochs: 1, batchSize: 16 });
    expect((await fresh.rate({ recalibrate: false })).table).toEqual(plain.table);
    expect(plain.table).not.toEqual(ratings.table);
    await expect(supernet.rate({ score: "best" as never })).rejects.toThrow(/score must be one of/);
  });
});

describe("search in cells", () => {
  it("finds the best within an interval and several limits, activation memory and measured latency among them", async () => {
    const latency = await lab.latency(flow.supernet, { rounds: 3 });
    expect(await shown(latency)).toMatch(/Latency of [\s\S]*layer @ what enters[\s\S]*native|tensorflow|cpu/);
    const timed = ratings.withLatency(latency.save(join(folder(), "latency.json")));
    expect(timed.table).toEqual(ratings.withLatency(latency).table);
    const all = allNetworks(timed.table);
    const middle = (name: "macs" | "activationBytes" | "latencyMs") =>
      all.map(({ cost }) => cost[name]!).sort((a, b) => a - b)[Math.floor(all.length / 2)];
    const [macs, activationBytes, latencyMs] = [middle("macs"), middle("activationBytes"), middle("latencyMs")];

    const upper = timed.search({ latencyMs, activationBytes });
    expect(upper.score).toBe(
      least(timed.table, ({ cost }) => cost.latencyMs! <= latencyMs && cost.activationBytes! <= activationBytes),
    );
    expect(upper.latencyMs).toBeCloseTo(latency.of(upper), 9);
    // Whose milliseconds they are is said wherever they are told.
    expect(await shown(upper)).toMatch(/latencyMs \u2264 [\s\S]* \(engine \w+ on [\s\S]* ms on engine \w+ on /);
    const named = ratings.search({ latencyMs, activationBytes, table: latency });
    expect([named.id, named.latencyMs]).toEqual([upper.id, upper.latencyMs]);
    const phone = parseLatencyCsv(latencyCsv({ ...latency.latencies, place: "pixel-7" }), "phone");
    const [first] = await ratings.diverse(2, { latencyMs: [0, 1e3], table: phone });
    expect(await shown(first)).toMatch(/ms on pixel-7 on /);
    expect(() => ratings.search({ latencyMs, table: "no-such-place" })).toThrow(
      /"no-such-place" must be a file, or the name/,
    );

    const within = await timed.search({ macs: [macs, "1M"], latencyMs: 1e3 });
    expect(within.score).toBe(least(timed.table, ({ cost }) => cost.macs! >= macs && cost.macs! <= 1e6));
    for (const found of within.alongFront(4)) expect(found.macs).toBeGreaterThanOrEqual(macs);
    expect(await shown(within)).toMatch(/macs in [\d.k]+ to 1\.00M/);
    await expect(lab.latency(join(folder(), "none.json"))).rejects.toThrow();
    expect(() => ratings.search({ latencyMs: 3 })).toThrow(/lab\.latency\(ratings\)/);
    expect(() => ratings.search({ macs: ["2M", "1M"] })).toThrow(ConfigError);
  });

  it("gives the k best networks that differ from each other", async () => {
    const alternatives = await ratings.diverse(3, { macs: "1M" }, { difference: 1 });
    const networks = [...alternatives];
    expect(alternatives.best.score).toBe(least(ratings.table, () => true));
    expect(networks.length).toBeGreaterThanOrEqual(2);
    const words = networks.map((found) => found.describe());
    for (const [i, a] of words.entries()) {
      for (const b of words.slice(0, i)) expect(a.filter((line, block) => line === b[block])).toEqual([]);
    }
    expect(networks.map(({ score }) => score)).toEqual([...networks].map(({ score }) => score).sort((a, b) => a - b));
    expect(await shown(alternatives)).toMatch(
      /best networks of .* within macs[\s\S]*other blocks[\s\S]*Predicted front/,
    );
    await expect(ratings.diverse(0)).rejects.toThrow(ConfigError);
  });

  it("weighs the blocks", () => {
    const weighted = ratings.weighted([1, 20]);
    expect(weighted.search().score).toBe(least(weightedTable(ratings.table, [1, 20]), () => true));
    expect(weighted.weighted([2, 1]).session.weights).toEqual([2, 20]);
    expect(() => ratings.weighted([1])).toThrow(SpaceError);
    expect(() => weighted.byProduct()).toThrow(/must come before the weights/);
    expect(ratings.byProduct().table.blocks[0][0].score).toBe(Math.log(ratings.table.blocks[0][0].score));
  });
});

describe("beyond one round", () => {
  it("predicts accuracies of any network from some trained ones, with the error on those left out", async () => {
    const truth = ({ choice }: FoundNetwork) => 0.9 - 0.05 * choice[0].score - 0.1 * choice[1].score;
    const all = allNetworks(ratings.table);
    const predictor = ratings.predictor(
      all.slice(0, 9).map((network) => ({ network, accuracy: truth(network) })),
      { penalties: [1e-6] },
    );
    for (const network of all) expect(predictor.predict(network)).toBeCloseTo(truth(network), 4);
    expect(predictor.predictor.crossValidation.rmse).toBeLessThan(1e-4);
    const [a, b] = predictor.weights;
    expect(b / a).toBeCloseTo(2, 2);
    const found = ratings.weighted(predictor.weights).search();
    expect(predictor.predict(found)).toBeCloseTo(Math.max(...all.map(truth)), 4);
    expect(await shown(predictor)).toMatch(/fitted to 9 networks[\s\S]*left out[\s\S]*figure: /);
    expect(() => ratings.predictor([{ network: all[0], accuracy: 91 }])).toThrow(/0 to 1/);
    expect(() => ratings.predictor([ratings.search()])).toThrow(/retrained first/);
    const opposite = ratings.predictor(all.slice(0, 9).map((network) => ({ network, accuracy: 1 - truth(network) })));
    expect(() => opposite.weights).toThrow(ConfigError);
  });

  it("calibrates ratings by trained networks: they are searched as before, and say how sure they are", async () => {
    const truth = ({ choice }: FoundNetwork) => 0.9 - 0.05 * choice[0].score - 0.1 * choice[1].score;
    const all = allNetworks(ratings.table);
    const items = all.slice(0, 9).map((network) => ({ network, accuracy: truth(network) }));
    const calibrated = ratings.calibrate(items);
    const found = calibrated.search();
    expect(found.score).toBe(least(calibrated.table, () => true));
    const { low, accuracy, high } = calibrated.calibration.predict(found);
    expect(low).toBeLessThanOrEqual(accuracy);
    expect(high).toBeGreaterThanOrEqual(accuracy);
    expect((await calibrated.diverse(2)).networks).toHaveLength(2);
    expect(await shown(calibrated)).toMatch(
      /Calibration by 9 trained networks[\s\S]*left out[\s\S]*the ratings explain/,
    );
    // Another calibration begins from the ratings again.
    expect(calibrated.calibrate(items).table).toEqual(calibrated.table);
    expect(await shown(ratings.calibrate(items, { ratings: false }))).toMatch(/ratings were left out/);
    expect(() => ratings.calibration).toThrow(/calibrated first/);
    expect(() => calibrated.weighted([1, 2]).calibration).toThrow(/calibrated first/);
    expect(() => ratings.calibrate(undefined as never)).toThrow(/must be a list/);
    expect(() => ratings.calibrate([ratings.search()])).toThrow(/ratings.calibrate: .* retrained first/);
    expect(() => ratings.calibrate(items, { rating: true } as never)).toThrow(/did you mean ratings/);
  });

  it("a student starts from the supernets' weights, and teaches the next round", async () => {
    const recipe = { epochs: 1, batchSize: 16 };
    const found = ratings.search();
    const [cold, warm] = [await found.retrain(recipe), await found.retrain({ ...recipe, warmStart: true })];
    expect(warm.retrained.training.startFrom).toMatch(/^supernets [0-9a-f]{16}$/);
    expect(cold.retrained.training.startFrom).toBeUndefined();
    const losses = [cold, warm].map(({ retrained }) => retrained.history.epochs[0].loss);
    expect(losses[0]).not.toBe(losses[1]);

    const teacher = warm.asTeacher();
    expect(teacher.accuracy).toBe(warm.accuracy);
    expect(await teacher.testAccuracy()).toBe(await warm.testAccuracy());
    const next = lab.supernet(teacher.split(2), { ops: mbconv([3], [2]), cellsPerBlock: 1 });
    await next.distill({ epochs: 1, batchSize: 16 });
    expect((await next.rate()).search().macs).toBeGreaterThan(0);
    expect(await shown(teacher)).toMatch(/Teacher /);

    // A front's networks are what a predictor is fitted to.
    const front = await lab.pareto([...(await ratings.diverse(4, {}, { difference: 0 }))], recipe);
    const predictor = ratings.predictor(front);
    expect(predictor.trained.map(({ accuracy }) => accuracy)).toEqual(front.students.map(({ accuracy }) => accuracy));
    const within = await ratings.search({ macs: ["1k", "1M"] });
    await within.retrain(recipe);
    const { record, network } = loadFound(within.save(join(folder(), "found.json")));
    expect(record.origin.budget).toEqual({ "macs from": 1000, macs: 1e6 });
    network.dispose();
  });
});
