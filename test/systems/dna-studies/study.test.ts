import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { canonicalKeys, readTruth } from "../../../src/benchmark";
import { ConfigError, readJson } from "../../../src/core";
import { loadDataset } from "../../../src/data";
import { engine } from "../../../src/engine";
import { architecturePreset } from "../../../src/space";
import { provenanceOf } from "../../../src/study";
import { MEASURES, readStudy } from "../../../src/study/ranking";
import { jobsOf, runJob, runStudy, storedSummary, summariseStudy } from "../../../src/systems/dna-studies";
import { teacherWithoutLabels } from "../../../src/systems/dna-studies/teacher-without-labels";
import { rateBySpos } from "../../../src/systems/spos";

const folder = mkdtempSync(join(tmpdir(), "ranking-"));
const images = join(folder, "cifar");
const file = join(folder, "study.json");
const other = join(folder, "other.json");
const unlabelled = join(folder, "labels.json");
const place = { runs: join(folder, "runs"), images, provenance: () => provenanceOf("test") };

beforeAll(() => {
  engine.use("auto", { threads: 1 });
  mkdirSync(images);
  for (const name of ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]) {
    const records = Array.from({ length: 16 }, (_, i) =>
      Buffer.from(Uint8Array.from({ length: 3073 }, (_, at) => (at === 0 ? i % 10 : (at * (i + 3)) % 251))),
    );
    writeFileSync(join(images, `${name}.bin`), Buffer.concat(records));
  }
  const study = {
    name: "tiny",
    title: "tiny",
    results: join(folder, "results"),
    seeds: [1],
    experiment: {
      data: { name: "cifar-10", trainCount: 32, validationCount: 16 },
      teacher: { architecture: "nas-bench-macro/00000000", epochs: 1, batchSize: 16 },
      distill: { images: 32, epochs: 1, batchSize: 16 },
      rate: { images: 8, calibrationImages: 8, batchSize: 8, score: "divergence" },
    },
    variants: [
      { name: "stages", title: "blocks at the stages" },
      { name: "one", title: "one block", cuts: [], seeds: [2], distill: { epochs: 3 } },
    ],
    spos: { epochs: 1, batchSize: 16, learningRate: 0.05, networks: 3, ratingImages: 8, calibrationImages: 8 },
    retrain: {
      result: join(folder, "retraining.json"),
      networks: ["00000000", `found:${join(folder, "results.json")}`],
    },
  };
  const again = {
    ...study,
    name: "again",
    results: join(folder, "again"),
    measure: "log divergence",
    spos: undefined,
    retrain: undefined,
    variants: [
      { name: "two", title: "two epochs", keepEpochs: true, distill: { epochs: 2 } },
      { name: "after-one", title: "after the first of them", distilledBy: "two", epoch: 1, distill: { epochs: 2 } },
      {
        name: "as-left",
        title: "batch norms as they were left",
        distilledBy: "two",
        distill: { epochs: 2 },
        rate: { recalibrate: false },
      },
      { name: "shared", title: "the other study's", sameAs: { study: "results", variant: "stages" } },
    ],
  };
  const labels = {
    ...study,
    name: "labels",
    results: join(folder, "labels"),
    spos: undefined,
    retrain: undefined,
    variants: [
      {
        name: "contrastive",
        title: "images alone",
        withoutLabels: { epochs: 2, images: 20, features: 8, batchSize: 10, negatives: 8 },
      },
      { name: "untrained", title: "nothing", withoutLabels: { epochs: 0 } },
    ],
  };
  writeFileSync(unlabelled, JSON.stringify(labels));
  writeFileSync(other, JSON.stringify(again));
  writeFileSync(file, JSON.stringify(study));
});

test("a study's file becomes jobs, seed by seed; what is wrong in it is named", () => {
  const jobs = jobsOf(readStudy(file));
  expect(jobs.map(({ variant, seed, cuts }) => [variant, seed, cuts])).toEqual([
    ["stages", 1, [2, 5]],
    ["one", 2, []],
  ]);
  expect(jobs[1].experiment.distill).toMatchObject({ epochs: 3, batchSize: 16 });
  const wrong = join(folder, "wrong.json");
  writeFileSync(wrong, JSON.stringify({ ...JSON.parse(readFileSync(file, "utf8")), seeds: [] }));
  expect(() => readStudy(wrong)).toThrow(ConfigError);
});

test("a job leaves raw ratings of all 51 candidates under every measure, and is not done twice", async () => {
  const [job] = jobsOf(readStudy(file));
  const raw = await runJob(job, place, {});
  expect(raw.blocks.map((block) => Object.keys(block).length)).toEqual([9, 21, 21]);
  for (const blocks of Object.values(raw.measures)) {
    for (const block of blocks!) for (const score of Object.values(block)) expect(score).toBeGreaterThanOrEqual(0);
  }
  expect(raw.measures.relativeL1).toEqual(raw.blocks);
  expect(raw.losses.map((of) => of.length)).toEqual([1, 1, 1]);
  expect(raw.provenance.environment.engine.threads).toBe(1);
  expect(await runJob(job, { ...place, images: "nowhere" }, {})).toEqual(readJson(job.result));
  const truth = canonicalKeys().map((key, i) => ({
    key,
    accuracy: 80 + (i % 7),
    trainings: [80, 81],
    macs: 1e7 + i * 1e4,
    params: i,
  }));
  const summary = summariseStudy("tiny", [job], truth, [], 3);
  expect(summary.variants.map(({ measure }) => measure)).toEqual(["relativeL1"]);
  expect(storedSummary(summary)).toMatchObject({
    architectures: 3969,
    tuningNetworks: 100,
    tau_macs: expect.any(Number),
  });
  expect(summary.measures.map(({ measure }) => measure)).toEqual([...MEASURES]);
});

test("supernets are rated after an epoch, and with other options, by who did not distil them; ratings are shared between studies", async () => {
  const jobs = jobsOf(readStudy(other));
  expect(jobs.map(({ name, study, variant }) => [name, study, variant])).toEqual([
    ["two", "again", "two"],
    ["after-one", "again", "after-one"],
    ["as-left", "again", "as-left"],
    ["shared", "results", "stages"],
  ]);
  await expect(runJob(jobs[1], place, {})).rejects.toThrow(/must hold the supernets that two of again distilled/);
  const [two, first, left] = [
    await runJob(jobs[0], place, {}),
    await runJob(jobs[1], place, {}),
    await runJob(jobs[2], place, {}),
  ];
  expect(two.losses.map((of) => of.length)).toEqual([2, 2, 2]);
  expect(first.losses).toEqual(two.losses.map(([loss]) => [loss]));
  expect(left.losses).toEqual(two.losses);
  expect(first.blocks).not.toEqual(two.blocks);
  expect(left.blocks).not.toEqual(two.blocks);
  // The rating is the logarithm of a measure.
  expect(two.blocks[0]["00"]).toBe(Math.log(two.measures.divergence![0]["00"]));
  // Another setting under the same name is not taken for it.
  const changed = {
    ...jobs[0],
    experiment: { ...jobs[0].experiment, rate: { ...jobs[0].experiment.rate, images: 4 } },
  };
  await expect(runJob(changed, place, {})).rejects.toThrow(/differs in rate.images: 8, now 4/);
});

test("a teacher learns without labels, or not at all, which its ratings say; another way to learn is another setting", async () => {
  const jobs = jobsOf(readStudy(unlabelled));
  const [contrastive, untrained] = [await runJob(jobs[0], place, {}), await runJob(jobs[1], place, {})];
  expect(contrastive.teacher).toMatchObject({ architecture: "nas-bench-macro/00000000", epochs: 2, trainImages: 20 });
  expect(contrastive.teacher.remarks).toEqual([
    expect.stringMatching(
      /^trained without labels: contrastive loss by epoch \d\.\d+, \d\.\d+ nats \(of chance 2\.20\)/,
    ),
  ]);
  expect(untrained.teacher).toMatchObject({
    epochs: 0,
    trainImages: 0,
    remarks: [expect.stringMatching(/^untrained/)],
  });
  expect(untrained.withoutLabels).toEqual({ epochs: 0, features: 128 });
  for (const { teacher, measures } of [contrastive, untrained]) {
    expect(teacher.accuracy).toBeGreaterThanOrEqual(0);
    expect(teacher.accuracy).toBeLessThanOrEqual(1);
    for (const block of measures.divergence!)
      for (const score of Object.values(block)) expect(score).toBeGreaterThan(0);
  }
  expect(contrastive.blocks).not.toEqual(untrained.blocks);
  const longer = { ...jobs[0], withoutLabels: { ...jobs[0].withoutLabels!, epochs: 3 } };
  await expect(runJob(longer, place, {})).rejects.toThrow(/differs in withoutLabels\.epochs: 2, now 3/);
});

test("the labels of the images are not read by a teacher without labels", async () => {
  const data = await loadDataset("cifar-10", { trainCount: 32, validationCount: 16, root: images, seed: 1 });
  const wrong = { ...data, train: { ...data.train, labels: data.train.labels.map((label) => 9 - label) } };
  const options = { epochs: 1, features: 8, batchSize: 10, negatives: 8 };
  const preset = architecturePreset("nas-bench-macro/00000000");
  const [right, other] = [
    await teacherWithoutLabels(preset, data, options, 1),
    await teacherWithoutLabels(preset, wrong, options, 1),
  ];
  expect(other.fingerprint()).toBe(right.fingerprint());
  right.dispose();
  other.dispose();
});

test("the global supernet's training goes on after a stop and ends with the same scores", async () => {
  const [job] = jobsOf(readStudy(file));
  const options = {
    epochs: 2,
    batchSize: 16,
    learningRate: 0.05,
    ratingImages: 8,
    calibrationImages: 8,
    keys: ["00000000", "12012012"],
    images,
    provenance: place.provenance,
  };
  const at = (name: string) => ({ ...options, result: join(folder, `${name}.json`), checkpoint: join(folder, name) });
  const whole = await rateBySpos(job, at("whole"), {});
  const stop = new AbortController();
  const onProgress = ({ task, done }: { task: string; done: number }) => {
    // Of two epochs of two batches.
    if (task.startsWith("train global") && done === 3) stop.abort();
  };
  await expect(rateBySpos(job, at("parts"), { signal: stop.signal, onProgress })).rejects.toThrow(/stopped/);
  expect(existsSync(join(folder, "parts"))).toBe(true);
  await expect(rateBySpos(job, { ...at("parts"), epochs: 3 }, {})).rejects.toThrow(/must belong to this training/);
  const resumed = await rateBySpos(job, at("parts"), {});
  expect(resumed.scores).toEqual(whole.scores);
  expect(Object.keys(whole.scores).sort()).toEqual(options.keys);
  expect(existsSync(join(folder, "parts"))).toBe(false);
});

test("networks are chained from the supernets that another variant distilled, and from none else", () => {
  const chains = { name: "chains", title: "blocks chained", chains: true };
  const study = JSON.parse(readFileSync(file, "utf8"));
  const path = join(folder, "chained.json");
  writeFileSync(
    path,
    JSON.stringify({ ...study, variants: [...study.variants, { ...chains, distilledBy: "stages" }] }),
  );
  const job = jobsOf(readStudy(path)).find(({ name }) => name === "chains");
  expect(job).toMatchObject({ chains: true, cuts: [2, 5], distilledBy: { study: "tiny", variant: "stages" } });
  writeFileSync(path, JSON.stringify({ ...study, variants: [...study.variants, chains] }));
  expect(() => jobsOf(readStudy(path))).toThrow(/needs "distilledBy"/);
});

test("a study rates, writes its figures, and trains what it found beside its teacher", async () => {
  const study = readStudy(file);
  const truth = canonicalKeys().map((key, i) => ({
    key,
    accuracy: 80 + (i % 7),
    trainings: [80 + (i % 7), 81 + (i % 5)],
    macs: i === 0 ? 2e7 : 1e7 - i,
    params: i,
  }));
  const seen: string[] = [];
  await runStudy(study, { variant: "stages" }, truth, place, {}, ({ name, seed }) => seen.push(`${name}-${seed}`));
  expect(seen).toEqual(["stages-1"]);
  const figures = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
  expect(figures.spos.networks).toBe(3);
  const { networks } = JSON.parse(readFileSync(join(folder, "retraining.json"), "utf8"));
  expect(networks.map(({ key }: { key: string }) => key)).toEqual(["00000000", figures.found[0].key]);
  for (const { testAccuracy, testImages } of networks) {
    expect(testImages).toBe(16);
    expect(testAccuracy).toBeGreaterThanOrEqual(0);
  }
});

test("the benchmark's table must be there, whole and well-formed", () => {
  expect(() => readTruth(join(folder, "none.json"))).toThrow(/"nas-bench-macro", which ships with Blockwise/);
  const path = join(folder, "table.json");
  writeFileSync(path, "{");
  // The user names the file.
  expect(() => readTruth(path)).toThrow(ConfigError);
  expect(() => readTruth(path)).toThrow(/must hold JSON, plain or gzipped/);
  writeFileSync(path, JSON.stringify({ "00000000": { test_acc: [1], mean_acc: 1, params: 1, flops: 1 } }));
  expect(() => readTruth(path)).toThrow(/must have the network 00000001/);
});
