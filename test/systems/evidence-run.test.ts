import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { compareRuns } from "../../src/cli/report/compare-runs";
import { frontSentences } from "../../src/cli/report/front-words";
import { readRun } from "../../src/cli/report/recorded-run";
import { runSections } from "../../src/cli/report/run-sections";
import { InterruptedError, type ProgressEvent } from "../../src/core";
import { engine } from "../../src/engine";
import { comparisons, loadFound, type MeasuredFront } from "../../src/retrain";
import { RunDirectory } from "../../src/study";
import { type ExperimentInput, parseExperiment, runExperiment } from "../../src/systems/dna";
import { tinyArchitecture } from "../teacher/tiny";
import { tinyExperiment } from "./tiny-experiment";

const runs = mkdtempSync(join(tmpdir(), "evidence-"));
const layer = tinyArchitecture.blocks[0][0];
/** Larger than the networks of the space, so that it can be shrunk to them. */
const large = (outChannels: number, stride = 1) => ({ ...layer, expansion: 4, outChannels, stride });
const experiment: ExperimentInput = {
  ...tinyExperiment,
  teacher: {
    ...tinyExperiment.teacher,
    architecture: { ...tinyArchitecture, blocks: [[large(10), large(10)], [large(16, 2)]] },
    epochs: 1,
  },
  distill: { images: 64, epochs: 1, batchSize: 16 },
  improve: { networks: 5, rounds: 1, epochs: 1, images: 192, batchSize: 16, learningRate: 0.05 },
  // Two networks for certain: the first has more MACs than the second may have.
  search: { macs: ["36%", "45%"], also: [{ macs: "34%" }] },
  retrain: {
    ...tinyExperiment.retrain,
    epochs: 1,
    batchSize: 16,
    alongFront: 1,
    random: 1,
    shrunk: ["width", "compound"],
    trainings: 2,
  },
};

interface Told {
  readonly path: string;
  readonly front: MeasuredFront;
  readonly events: readonly ProgressEvent[];
  readonly notes: readonly string[];
  /** Steps that were done in this sitting. */
  readonly done: readonly string[];
}

/** Runs an experiment, with so many threads, until an event says so. */
async function run(
  name: string,
  given: ExperimentInput,
  { threads = 1, stopWhen = () => false }: { threads?: number; stopWhen?: (event: ProgressEvent) => boolean } = {},
): Promise<Told> {
  engine.use("auto", { threads });
  const path = join(runs, name);
  const config = parseExperiment({ ...given, name });
  const directory = RunDirectory.open(path, config, { mayChange: true });
  const before = new Set(directory.records.map(({ finished }) => finished));
  const [events, notes, stop] = [[] as ProgressEvent[], [] as string[], new AbortController()];
  try {
    const front = await runExperiment(config, directory, {
      signal: stop.signal,
      onNote: (text) => notes.push(text),
      onWarning: (text) => notes.push(text),
      onProgress(event) {
        events.push(event);
        if (stopWhen(event)) stop.abort();
      },
    });
    const done = directory.records.filter(({ finished }) => !before.has(finished)).map(({ step }) => step);
    return { path, front, events, notes, done };
  } finally {
    directory.close();
  }
}

const bytes = (path: string, ...files: string[]) => files.map((file) => readFileSync(join(path, file), "utf8"));
const RESULTS = ["ratings/evidence.json", "ratings/table.json", "front.json"];
const briefOf = (done: readonly string[]) => done.filter((step) => step.startsWith("improve/"));
const copy = (name: string) => cpSync(join(runs, "whole"), join(runs, name), { recursive: true });

describe("a run with brief trainings, two budgets and shrunk teachers", () => {
  let whole: Told;

  beforeAll(async () => {
    whole = await run("whole", experiment);
  });

  test("trains as many networks as asked for in one report, and searches by what they say", () => {
    const { events, front, path } = whole;
    const brief = events.filter(({ task }) => task === "improve: 5 brief trainings");
    expect(brief.at(-1)).toMatchObject({ done: 5, total: 5, unit: "networks" });
    expect(events.some(({ task }) => /brief training \d/.test(task))).toBe(false);
    const evidence = JSON.parse(bytes(path, "ratings/evidence.json")[0]);
    expect(evidence.networks).toHaveLength(5);
    expect(new Set(evidence.networks.map(({ id }: { id: string }) => id)).size).toBe(5);
    const { candidates } = JSON.parse(bytes(path, "ratings/block0.json")[0]);
    const table = JSON.parse(bytes(path, "ratings/table.json")[0]);
    expect(table.blocks[0].map(({ score }: { score: number }) => score)).not.toEqual(
      candidates.map(({ score }: { score: number }) => score),
    );
    expect(front.ratedBy).toMatchObject({
      score: "relativeL1",
      evidence: { networks: 5, rounds: 1, epochs: 1, images: 192 },
    });
    // Of a brief training nothing is kept but its accuracy.
    expect(readdirSync(join(path, "checkpoints")).filter((name) => name.startsWith("brief-"))).toEqual([]);
  });

  test("sets each found network beside random ones and shrunk teachers of its own cost, each trained twice", () => {
    const { front } = whole;
    expect(front.measured.map(({ label }) => label)).toEqual([
      "teacher",
      "found 1",
      "found 2",
      "random 1",
      "random 2",
      ...front.measured.filter(({ kind }) => kind === "shrunk").map(({ label }) => label),
    ]);
    const compared = comparisons(front.measured);
    expect(compared.map(({ found, random }) => [found.label, random.length])).toEqual([
      ["found 1", 1],
      ["found 2", 1],
    ]);
    for (const { found, random, shrunk } of compared) {
      for (const one of [...random, ...shrunk.map(({ network }) => network)]) expect(one.beside).toBe(found.label);
      expect(shrunk.map(({ network }) => network.label).join()).toMatch(/\(width\)/);
    }
    for (const { kind, seeds, standardError, accuracy } of front.measured) {
      if (kind === "teacher") continue;
      expect(seeds).toEqual([4, 104]);
      expect(standardError).toBeGreaterThanOrEqual(0);
      expect(accuracy).toBeGreaterThanOrEqual(0);
    }
    const words = frontSentences(front).join(" ");
    expect(words).toContain("5 brief trainings (1 epoch of 192 images each, in 1 round)");
    expect(words).toMatch(/The shrunk teacher .*one standard error of that is/);
    expect(words).toContain("2 trainings of each network");
  });

  test("says in the found network's file which rating it was, and how many brief trainings", () => {
    const { path } = whole;
    const [found, random, shrunk] = ["found-1", "random-1", "shrunk-1"].map((name) => {
      const one = loadFound(join(path, "found", `${name}.json`));
      one.dispose();
      return one.record.origin;
    });
    expect(found).toMatchObject({
      method: "exact search over ratings calibrated by 5 brief trainings",
      rating: "relativeL1",
      evidence: { networks: 5, epochs: 1, images: 192 },
    });
    expect(random).toMatchObject({ method: "random", budget: {} });
    expect(shrunk.method).toMatch(/^teacher shrunk by/);
    expect(shrunk.candidates).toEqual([]);
  });

  test("is told by report and compare", async () => {
    const { path } = whole;
    const sections = runSections(readRun(path));
    expect(sections.map(({ heading }) => heading)).toContain("Evidence");
    const evidence = sections.find(({ heading }) => heading === "Evidence")!;
    expect(evidence.tables![0].rows).toHaveLength(5);
    copy("other");
    const { runs: compared } = compareRuns([path, join(runs, "other")]);
    expect(compared[0].ratedBy?.evidence?.networks).toBe(5);
  });

  test("retrains to the same bytes with another number of threads", async () => {
    copy("threads");
    const path = join(runs, "threads");
    for (const file of readdirSync(join(path, "checkpoints"))) {
      if (file.startsWith("retrain-")) rmSync(join(path, "checkpoints", file));
    }
    rmSync(join(path, "front.json"));
    const weights = readdirSync(join(path, "found")).filter((file) => file.endsWith(".safetensors"));
    const before = weights.map((file) => readFileSync(join(path, "found", file)));
    const { events } = await run("threads", { ...experiment, threads: 2 }, { threads: 2 });
    expect(events.some(({ task }) => task.startsWith("retrain"))).toBe(true);
    expect(bytes(path, ...RESULTS)).toEqual(bytes(whole.path, ...RESULTS));
    expect(weights.map((file) => readFileSync(join(path, "found", file)))).toEqual(before);
  });

  test("stopped during the brief trainings goes on with those that were complete, and ends with the same bytes", async () => {
    const stopWhen = ({ task, done }: ProgressEvent) => task.startsWith("improve") && done === 3;
    await expect(run("stopped", experiment, { stopWhen })).rejects.toThrow(InterruptedError);
    const { path, done } = await run("stopped", experiment);
    expect(briefOf(done)).toHaveLength(2);
    expect(bytes(path, ...RESULTS)).toEqual(bytes(whole.path, ...RESULTS));
    expect((await run("stopped", experiment)).done).toEqual([]);
  });

  test("stopped during retraining records what is complete, and ends with the same bytes", async () => {
    const stopWhen = ({ task, done }: ProgressEvent) => task.startsWith("retrain") && done === 2;
    await expect(run("halted", experiment, { stopWhen })).rejects.toThrow(InterruptedError);
    const { path, done } = await run("halted", experiment);
    const retrained = (of: readonly string[]) => of.filter((step) => step.startsWith("retrain/")).length;
    expect(retrained(done)).toBeLessThan(retrained(whole.done));
    expect(bytes(path, ...RESULTS)).toEqual(bytes(whole.path, ...RESULTS));
  });

  test("with another number of brief trainings takes over what is the same, and says so", async () => {
    copy("fewer");
    const fewer = { ...experiment, improve: { ...experiment.improve, networks: 4 } };
    const { done, notes } = await run("fewer", fewer);
    expect(notes).toContain("reused: teacher, space, distillation, ratings");
    expect(notes.join("\n")).toContain("again: evidence (improve.networks: 5, now 4)");
    for (const step of ["teacher", "distill/block0", "rate/block0"]) expect(done).not.toContain(step);
    expect(done).toEqual(expect.arrayContaining(["improve", "search", "front"]));
    // Its networks are among those that were trained already.
    expect(briefOf(done).length).toBeLessThan(4);
  });

  test("that loses or damages its evidence writes it anew without any training", async () => {
    copy("damaged");
    const file = join(runs, "damaged", "ratings", "evidence.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"round": 1', '"round": 9'));
    const { done, notes, path } = await run("damaged", experiment);
    expect(notes.join("\n")).toContain("ratings/evidence.json is not what was written");
    expect(briefOf(done)).toEqual([]);
    expect(bytes(path, ...RESULTS)).toEqual(bytes(whole.path, ...RESULTS));
  });

  test("without them searches the ratings, and leaves no shrunk teacher behind", async () => {
    copy("plain");
    const { improve: _, ...rest } = experiment;
    const plain = { ...rest, search: { macs: "45%" }, retrain: { ...experiment.retrain, shrunk: [], trainings: 1 } };
    const { front, path } = await run("plain", plain);
    expect(front.ratedBy).toEqual({ score: "relativeL1" });
    expect(readdirSync(join(path, "found")).filter((name) => name.startsWith("shrunk"))).toEqual([]);
    const fresh = await run("plain-fresh", plain);
    expect(bytes(path, "ratings/table.json", "front.json")).toEqual(
      bytes(fresh.path, "ratings/table.json", "front.json"),
    );
  });
});
