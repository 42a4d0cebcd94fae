import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { ExperimentInput } from "../../src/systems/dna";
import { IN_FULL, KILLS, type Killed, killAgainAndAgain, lastStepIn, resultsIn } from "./killed-again";
import { tinyExperiment } from "./tiny-experiment";
import { LABEL_FREE, STAGED } from "./trials/small-trials";

const folder = mkdtempSync(join(tmpdir(), "random-kills-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Ratings, evidence, front, found networks and what a sweep puts together. */
const RESULTS = /\/(ratings|found)\/|\/front\.json$|^\/(sweep\.json|sweep\.csv|runs\.csv)$/;

function written(name: string, experiment: object): string {
  const path = join(folder, `${name}.json`);
  writeFileSync(path, JSON.stringify(experiment));
  return path;
}

/** Runs of an experiment, each in a folder of its own. */
function runsOf(name: string, experiment: object, isResult: RegExp): Omit<Killed, "phases" | "lastStep"> {
  const path = written(name, experiment);
  const own = join(folder, name);
  return {
    folder,
    args: (run) => ["run", path, "--runs-dir", own, "--name", run],
    results: (run) => resultsIn(join(own, run), isResult),
  };
}

/** Cells, brief trainings and retrainings are given to two worker threads. */
const blockWise: ExperimentInput = {
  ...tinyExperiment,
  threads: 2,
  data: { name: "synthetic", trainCount: 512, validationCount: 128, testCount: 64 },
  distill: { images: 128, epochs: 8, batchSize: 8 },
  rate: { images: 128, calibrationImages: 32, batchSize: 32 },
  improve: { networks: 4, rounds: 1, epochs: 6, images: 512, batchSize: 32, learningRate: 0.05 },
  retrain: { ...tinyExperiment.retrain, epochs: 8 },
};

const resumed = `killed at ${KILLS} random points and resumed by the same command, ends with the same bytes`;

test(`a run by worker threads, ${resumed}`, async () => {
  const runs = runsOf("block-wise", blockWise, RESULTS);
  await killAgainAndAgain({
    ...runs,
    lastStep: (run) => lastStepIn(join(folder, "block-wise", run, "journal.jsonl")),
    // In the teacher's training; features and distillation; rating; brief trainings and the search; retraining.
    phases: [
      /^(start|data)$/,
      /^(teacher|space)$/,
      /^(distill|rate)\/block0/,
      /^rate\/block1|^improve|^search/,
      /^retrain/,
    ],
  });
  const weights = Object.keys(runs.results("whole")).filter((file) => file.endsWith(".safetensors"));
  expect(weights.length).toBeGreaterThan(2);
});

const searches = [
  ["by stages that go on from weights", "staged", { ...STAGED, threads: 1 }],
  ["by TPE without labels", "tpe", { ...LABEL_FREE, threads: 1 }],
] as const;
test.each(IN_FULL ? searches : searches.slice(0, 1))(
  `a search trial by trial %s, ${resumed}`,
  async (_, name, experiment) => {
    const lastStep = (run: string) => {
      const at = (journal: string) => lastStepIn(join(folder, name, run, journal));
      return at("search/search.jsonl") === "start" ? at("journal.jsonl") : at("search/search.jsonl");
    };
    // Before the first trial, in early and in late ones.
    const phases = [/^(start|space|search)$/, /^trial\/[0-3]$/, /^trial\/[4-7]$/];
    const results = /^\/result\.json$|^\/search\/search\.jsonl$/;
    const runs = runsOf(name, experiment, results);
    // Where weights lie is in the journal, and each run has a folder of its own.
    const withoutFolder = (run: string) => {
      const files = Object.entries(runs.results(run));
      return Object.fromEntries(files.map(([file, text]) => [file, text.replaceAll(join(folder, name, run), "")]));
    };
    await killAgainAndAgain({ ...runs, results: withoutFolder, lastStep, phases, reach: 1 });
  },
);

test(`a sweep, ${resumed}`, async () => {
  const own = join(folder, "sweep");
  const experiment = written("swept", {
    ...tinyExperiment,
    distill: { images: 64, epochs: 2, batchSize: 16 },
    search: { macs: "300%" },
    retrain: { epochs: 1, batchSize: 32, alongFront: 1, random: 1, tolerance: 0.9 },
  });
  /** The combination at work, and its last step. */
  const lastStep = (sweep: string) => {
    const journals = readdirSync(own, { recursive: true, encoding: "utf8" })
      .filter((file) => file.startsWith(`${sweep}/`) && file.endsWith("journal.jsonl"))
      .map((file) => join(own, file));
    if (journals.length === 0) return "start";
    const [newest] = journals.sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
    return `${journals.length}/${lastStepIn(newest)}`;
  };
  await killAgainAndAgain({
    folder,
    args: (name) => [
      ...["sweep", experiment, "--seeds", IN_FULL ? "1,2" : "1", "-p", 'search.macs=["250%","300%"]'],
      ...["--threads", "1", "--runs-dir", own, "--name", name],
    ],
    results: (name) => resultsIn(join(own, name), RESULTS),
    lastStep,
    // In a first run of a seed, in one that begins from it, in the second seed's, in the last.
    phases: [/^(start|1\/.*)$/, /^2\//, /^3\//, /^4\//],
  });
});
