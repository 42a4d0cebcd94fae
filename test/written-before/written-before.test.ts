import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadDataset } from "../../src/data";
import { fileCheckpoints } from "../../src/distill";
import { engine } from "../../src/engine";
import { loadFound } from "../../src/retrain";
import { searchBest } from "../../src/search";
import { networkId } from "../../src/space";
import { Journal, joinedTable, RunDirectory, readRatedRun } from "../../src/study";
import { readRawRatings } from "../../src/study/ranking";
import { type ExperimentInput, parseExperiment, runExperiment } from "../../src/systems/dna";
import { readSposRatings } from "../../src/systems/spos";

/** Files as an earlier Blockwise wrote them; never made anew: whoever has such files keeps them. */
const files = join(__dirname, "files");
const folder = mkdtempSync(join(tmpdir(), "written-before-"));
const path = join(folder, "run");
const { sha256: _, ...config } = JSON.parse(readFileSync(join(files, "run", "config.json"), "utf8"));

/** Goes on with the copied run; gives the steps that were done. */
async function goOn(): Promise<string[]> {
  const given = parseExperiment(config as ExperimentInput);
  const directory = RunDirectory.open(path, given, { mayChange: true });
  const before = new Set(directory.records.map(({ finished }) => finished));
  try {
    await runExperiment(given, directory, {});
    return directory.records.filter(({ finished }) => !before.has(finished)).map(({ step }) => step);
  } finally {
    directory.close();
  }
}

const bytesIn = (at: string, of: string) =>
  readdirSync(join(at, of)).map((name) => [name, readFileSync(join(at, of, name)).toString("base64")]);

describe("what was written before", () => {
  beforeAll(() => {
    engine.use("auto", { threads: 1 });
    cpSync(join(files, "run"), path, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("a journal is read whole", () => {
    const journal = new Journal(join(path, "journal.jsonl"));
    expect(journal.damaged).toEqual([]);
    expect(journal.records.map(({ step }) => step)).toEqual([
      "data",
      "teacher",
      "space",
      "distill/block0",
      "rate/block0",
      "distill/block1",
      "rate/block1",
      "search",
      "retrain/found 1",
      "retrain/random 1",
      "retrain",
      "front",
    ]);
    journal.close();
  });

  test("a run's ratings are searched to the network that the run found", () => {
    const { rated, joining, teacher } = readRatedRun(path, "test");
    const [found] = searchBest(joinedTable(rated, joining), { macs: 60_000 });
    const journal = readFileSync(join(path, "journal.jsonl"), "utf8").trimEnd().split("\n");
    const search = journal.map((line) => JSON.parse(line)).find(({ step }) => step === "search");
    expect(networkId(found.choice)).toBe(search.result.best.id);
    expect(teacher.macs).toBe(9504);
  });

  test("a complete run has nothing to do again, and not a byte of it changes", async () => {
    expect(await goOn()).toEqual([]);
    for (const of of ["ratings", "found", "checkpoints"]) {
      expect(bytesIn(path, of)).toEqual(bytesIn(join(files, "run"), of));
    }
    expect(readFileSync(join(path, "front.json"))).toEqual(readFileSync(join(files, "run", "front.json")));
  });

  test("trainings and distillations that are complete are taken up by their fingerprints", async () => {
    const journal = join(path, "journal.jsonl");
    const lines = readFileSync(journal, "utf8").trimEnd().split("\n");
    // As if the run had been killed before it said so.
    writeFileSync(journal, `${lines.slice(0, 1).join("\n")}\n`);
    expect(await goOn()).toEqual(expect.arrayContaining(["teacher", "distill/block0", "distill/block1", "retrain"]));
    expect(bytesIn(path, "checkpoints")).toEqual(bytesIn(join(files, "run"), "checkpoints"));
    expect(readFileSync(join(path, "teacher.safetensors"))).toEqual(
      readFileSync(join(files, "run", "teacher.safetensors")),
    );
  });

  test("a found network classifies as well as its file says", async () => {
    const found = loadFound(join(files, "run", "found", "found-1.json"));
    const { measured } = found.record;
    const data = await loadDataset("synthetic", { seed: 4, trainCount: 256, validationCount: 64, testCount: 64 });
    for (const { split, accuracy } of measured) {
      const again = await found.evaluate(split === "test" ? data.test : data.validation);
      // One image to and fro: other processors round otherwise.
      expect(Math.abs(again.accuracy - accuracy)).toBeLessThanOrEqual(1 / 64);
    }
    found.dispose();
  });

  test("a cell's state is read with its history", () => {
    const state = fileCheckpoints(join(files, "run", "checkpoints")).read(1, 0)!;
    expect(state.history).toHaveLength(4);
    expect([...state.tensors.keys()].some((name) => name.startsWith("cell."))).toBe(true);
  });

  test("a study's raw ratings are read", () => {
    const raw = readRawRatings(join(files, "study-raw-ratings.json"));
    expect(raw).toMatchObject({ variant: "weak", blocks: [{}, {}, {}] });
    const spos = readSposRatings(join(files, "study-spos-ratings.json"));
    expect(Object.keys(spos.scores).length).toBeGreaterThan(100);
  });
});
