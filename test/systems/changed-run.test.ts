import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { ConfigError, StudyError } from "../../src/core";
import { engine } from "../../src/engine";
import { loadFound } from "../../src/retrain";
import { copyRun, joinedTable, networkOf, RunDirectory, readRatedRun } from "../../src/study";
import { type ExperimentInput, parseExperiment, retrainFound, runExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

const runs = mkdtempSync(join(tmpdir(), "changed-"));
const small: ExperimentInput = {
  ...tinyExperiment,
  teacher: { ...tinyExperiment.teacher, epochs: 1 },
  distill: { images: 128, epochs: 1, batchSize: 16 },
  retrain: { ...tinyExperiment.retrain, epochs: 1, alongFront: 1, random: 1 },
};

/** Runs an experiment; gives what was said, and the steps that were done in this sitting. */
async function run(name: string, experiment: ExperimentInput) {
  const path = join(runs, name);
  const config = parseExperiment({ ...experiment, name });
  const directory = RunDirectory.open(path, config, { mayChange: true });
  const before = new Set(directory.records.map(({ finished }) => finished));
  const notes: string[] = [];
  try {
    const front = await runExperiment(config, directory, {
      onNote: (text) => notes.push(text),
      onWarning: (text) => notes.push(text),
    });
    const done = directory.records.filter(({ finished }) => !before.has(finished)).map(({ step }) => step);
    return { path, front, notes, done };
  } finally {
    directory.close();
  }
}

/** Changes a byte in the middle of a file. */
function flip(file: string): Buffer {
  const before = readFileSync(file);
  const bytes = Buffer.from(before);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
  return before;
}

/** The bytes of what a run found out. */
function results(path: string): Record<string, string> {
  const files = [
    "front.json",
    ...["ratings", "found"].flatMap((of) => readdirSync(join(path, of)).map((f) => `${of}/${f}`)),
  ];
  return Object.fromEntries(
    files.sort().map((file) => {
      const bytes = readFileSync(join(path, file));
      // What was found says how long it was trained.
      return [file, file.startsWith("found/") && file.endsWith(".json") ? "" : bytes.toString("base64")];
    }),
  );
}

/** A copy of the first run, to be changed. */
function copy(name: string): void {
  cpSync(join(runs, "first"), join(runs, name), { recursive: true });
}

const RATED = ["rate/block0", "rate/block1"];

describe("a run that is changed", () => {
  beforeAll(async () => {
    engine.use("auto", { threads: 1 });
    await run("first", small);
  });

  test("with other weights searches again on the ratings that are there, and ends as a run that had them from the start", async () => {
    copy("weighted");
    const weighted = { ...small, search: { ...small.search, weights: [0.3, 0] } };
    const { done, notes, path } = await run("weighted", weighted);
    expect(done).not.toEqual(expect.arrayContaining(["teacher"]));
    for (const step of ["teacher", "space", "distill/block0", ...RATED]) expect(done).not.toContain(step);
    expect(done).toEqual(expect.arrayContaining(["search", "front"]));
    expect(notes).toContain("reused: teacher, space, distillation, ratings");
    expect(notes).toContain("again: search (search.weights: nothing, now [0.3,0])");
    const fresh = await run("weighted-fresh", weighted);
    expect(results(path)).toEqual(results(fresh.path));
    expect((await run("weighted", weighted)).done).toEqual([]);
  });

  test("with another seed does everything again, and nothing of the one before is left", async () => {
    copy("seeded");
    const seeded = { ...small, seed: 5 };
    const { done, path } = await run("seeded", seeded);
    expect(done).toEqual(expect.arrayContaining(["teacher", "distill/block0", ...RATED, "search", "front"]));
    expect(results(path)).toEqual(results((await run("seeded-fresh", seeded)).path));
  });

  test("with fewer test images only measures again", async () => {
    copy("measured");
    const fewer = { ...small, data: { ...small.data!, testCount: 32 } } as ExperimentInput;
    const { done, notes, front } = await run("measured", fewer);
    expect(done.filter((step) => !["data", "retrain"].includes(step))).toEqual(["front"]);
    expect(notes.filter((note) => note.includes("trained from the start"))).toEqual([]);
    expect(front.measured.map(({ images }) => images)).toEqual([32, 32, 32]);
  });

  test("with fewer epochs under an exponential schedule does not take the longer distillation for the shorter", async () => {
    const of = (epochs: number): ExperimentInput => ({
      ...small,
      distill: { ...small.distill, epochs, schedule: "exponential" },
    });
    await run("epochs", of(2));
    await run("epochs", of(1));
    expect(results(join(runs, "epochs"))).toEqual(results((await run("epochs-fresh", of(1))).path));
  });

  test.each([
    ["ratings", RATED],
    ["ratings/block1.json", ["rate/block1"]],
    ["ratings/table.json", ["search"]],
    ["found", ["front"]],
    ["front.json", ["front"]],
    ["teacher.safetensors", ["teacher"]],
  ])("that lost %s makes it again, with the same bytes, and nothing else that takes long", async (lost, again) => {
    const name = `lost-${lost.replace("/", "-")}`;
    copy(name);
    rmSync(join(runs, name, lost), { recursive: true });
    const { done, path } = await run(name, small);
    expect(done).toEqual(expect.arrayContaining([...again]));
    for (const step of ["teacher", "distill/block0", "distill/block1", ...RATED]) {
      if (!again.includes(step)) expect(done).not.toContain(step);
    }
    expect(results(path)).toEqual(results(join(runs, "first")));
  });

  test.each(["ratings/block0.json", "ratings/table.json", "front.json", "teacher.safetensors", "found/found-1.json"])(
    "in whose %s a byte is another makes it again",
    async (file) => {
      const name = `flipped-${file.replace("/", "-")}`;
      copy(name);
      flip(join(runs, name, file));
      const { notes, path } = await run(name, small);
      expect(notes.join("\n")).toContain(`${file} is not what was written`);
      expect(results(path)).toEqual(results(join(runs, "first")));
    },
  );

  test("written by an older version is taken as its configuration says, and changed as a newer one", async () => {
    copy("old");
    const journal = join(runs, "old", "journal.jsonl");
    const lines = readFileSync(journal, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const older = lines.filter(({ step }) => step !== "data" && step !== "retrain");
    const stripped = older.map(({ step, finished, durationMs, result }) =>
      JSON.stringify({ step, finished, durationMs, result }),
    );
    writeFileSync(journal, `${stripped.join("\n")}\n`);
    rmSync(join(runs, "old", "run.json"));
    const config = parseExperiment({ ...small, name: "old" });
    writeFileSync(join(runs, "old", "config.json"), JSON.stringify(config));
    expect((await run("old", small)).done).toEqual([]);
    const { done } = await run("old", { ...small, search: { ...small.search, macs: "50k" } });
    expect(done).toEqual(expect.arrayContaining(["search", "front"]));
    for (const step of ["teacher", "distill/block0", ...RATED]) expect(done).not.toContain(step);
  });

  test("under another name goes on from a copy", async () => {
    copyRun(join(runs, "first"), join(runs, "named"));
    expect((await run("named", small)).done).toEqual([]);
    expect(() => copyRun(join(runs, "first"), join(runs, "named"))).toThrow(StudyError);
    expect(() => copyRun(runs, join(runs, "none"))).toThrow(ConfigError);
  });

  test("retrains what a search finds, beside its own networks, once", async () => {
    copy("more");
    const path = join(runs, "more");
    const { rated, joining } = readRatedRun(path, "test");
    const table = joinedTable(rated, joining);
    const id = "c1.0-0_c1.1-1";
    const [trained] = await retrainFound(path, [networkOf(table, id)], { epochs: 2 });
    expect(trained).toMatchObject({ id, file: `found/${id}-epochs2.json` });
    const found = loadFound(join(path, trained.file));
    expect(found.record.measured.map(({ accuracy }) => accuracy)).toEqual([
      trained.validationAccuracy,
      trained.accuracy,
    ]);
    expect(found.record.training.epochs).toBe(2);
    found.dispose();
    const written = readFileSync(join(path, "journal.jsonl"), "utf8");
    expect(await retrainFound(path, [networkOf(table, id)], { epochs: 2 })).toEqual([trained]);
    expect(readFileSync(join(path, "journal.jsonl"), "utf8")).toBe(written);
    expect(() => networkOf(table, "c9.0_c1.0-0")).toThrow(/block 0 has no "c9\.0"/);
    // The run itself is none the wiser.
    expect((await run("more", small)).done).toEqual([]);
    expect(existsSync(join(path, trained.file))).toBe(true);
  });

  test("that starts from the supernets later distils those anew whose states are damaged by then, with the same bytes", async () => {
    copy("warm");
    const warm = { ...small, retrain: { ...small.retrain, warmStart: true } };
    const state = join(runs, "warm", "checkpoints", "block1-cell0.safetensors");
    const before = flip(state);
    const { done, path } = await run("warm", warm);
    expect(done).toEqual(expect.arrayContaining(["distill/block1", "front"]));
    for (const step of ["teacher", "distill/block0", ...RATED]) expect(done).not.toContain(step);
    expect(readFileSync(`${state}.damaged`)).not.toEqual(before);
    copy("warm-sound");
    expect(results(path)).toEqual(results((await run("warm-sound", warm)).path));
    // Another network's retraining needs them again, and makes none.
    const { rated, joining } = readRatedRun(path, "test");
    const networks = [networkOf(joinedTable(rated, joining), "c0.1_c0.1-1")];
    flip(state);
    const said: string[] = [];
    const context = { onWarning: (text: string) => said.push(text), onNote: () => {} };
    await expect(retrainFound(path, networks, {}, context)).rejects.toThrow(/run the same blockwise run again/);
    expect(said.join()).toMatch(/the same blockwise run again distils the cell anew/);
    expect((await run("warm", warm)).done).toContain("distill/block1");
    expect(await retrainFound(path, networks, {}, context)).toHaveLength(1);
  });

  test("leaves no network in found/ that is none of it any more", async () => {
    copy("fewer");
    const path = join(runs, "fewer");
    const { rated, joining } = readRatedRun(path, "test");
    const id = "c1.0-0_c1.1-1";
    const beside = [`${id}.json`, `${id}.safetensors`];
    const retrained = () => retrainFound(path, [networkOf(joinedTable(rated, joining), id)], {}, { onNote: () => {} });
    await retrained();
    writeFileSync(join(path, "found", "random-notes.json"), "mine");
    const found = () => readdirSync(join(path, "found")).sort();
    const own = ["found-1.json", "found-1.safetensors"];
    const random = ["random-1.json", "random-1.safetensors"];
    expect(found()).toEqual([...beside, ...own, ...random, "random-notes.json"].sort());
    await run("fewer", { ...small, retrain: { ...small.retrain, random: 0 } });
    expect(found()).toEqual([...beside, ...own, "random-notes.json"].sort());
    const longer = { ...small, retrain: { ...small.retrain, random: 0, epochs: 2 } };
    expect((await run("fewer", longer)).notes.join("\n")).toMatch(
      /c1\.0-0_c1\.1-1\.json is removed: made with another configuration; blockwise retrain/,
    );
    expect(found()).toEqual([...own, "random-notes.json"].sort());
    await retrained();
    const { notes } = await run("fewer", { ...longer, data: { ...small.data!, testCount: 32 } } as ExperimentInput);
    expect(notes.join("\n")).toMatch(/is removed: measured on other test images/);
    expect(found()).toEqual([...own, "random-notes.json"].sort());
  });
});
