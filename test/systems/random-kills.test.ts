import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { Rng } from "../../src/core";
import type { ExperimentInput } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

/** CI has 40 (`.ci/run`): BLOCKWISE_RANDOM_KILLS=40. */
const KILLS = Number(process.env.BLOCKWISE_RANDOM_KILLS ?? 2);
const SEED = Number(process.env.FC_SEED ?? 7);
/** Longest time between an operation of files and the kill that is counted from it, in ms. */
const LONGEST_MS = 200;

const root = join(__dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "random-kills-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Cells, brief trainings and retrainings are given to two worker threads. */
const experiment: ExperimentInput = {
  ...tinyExperiment,
  threads: 2,
  data: { name: "synthetic", trainCount: 512, validationCount: 128, testCount: 64 },
  distill: { images: 128, epochs: 8, batchSize: 8 },
  rate: { images: 128, calibrationImages: 32, batchSize: 32 },
  improve: { networks: 4, rounds: 1, epochs: 6, images: 512, batchSize: 32, learningRate: 0.05 },
  retrain: { ...tinyExperiment.retrain, epochs: 8 },
};
const path = join(folder, "experiment.json");
writeFileSync(path, JSON.stringify(experiment));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

/** `blockwise run` of the compiled library. */
function run(name: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const args = ["--require", join(__dirname, "kill-at.cjs"), join(root, "dist/src/cli/main.js")];
  const child = spawn(process.execPath, [...args, "run", path, "--runs-dir", folder, "--name", name], {
    cwd: root,
    env: { ...process.env, ...env },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, output })));
}

/** Ratings, evidence, front and found networks, without dates and durations. */
function results(name: string): Record<string, string> {
  const entries = readdirSync(join(folder, name), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const kept = files.filter((file) => /\/(ratings|found)\/|\/front\.json$/.test(file)).sort();
  return Object.fromEntries(
    kept.map((file) => {
      const bytes = readFileSync(file, file.endsWith(".safetensors") ? "base64" : "utf8");
      return [
        file.slice(join(folder, name).length),
        bytes.replace(/"(date|createdAt|durationMs|imagesPerSecond|seconds)": ?[^,}\n]+/g, ""),
      ];
    }),
  );
}

/** The step after which a run was killed. */
function lastStep(name: string): string {
  try {
    const lines = readFileSync(join(folder, name, "journal.jsonl"), "utf8")
      .trim()
      .split("\n");
    return (JSON.parse(lines[lines.length - 1]) as { step: string }).step;
  } catch {
    return "start";
  }
}

/** So many kills are to meet every phase. */
const FULL = 40;
/** How many times as many there may be. */
const MOST = 4;
/** In the teacher's training; features and distillation; rating; brief trainings and the search; retraining. */
const PHASES = [
  /^(start|data)$/,
  /^(teacher|space)$/,
  /^(distill|rate)\/block0/,
  /^rate\/block1|^improve|^search/,
  /^retrain/,
] as const;

test(`a run by worker threads, killed at ${KILLS} random points and resumed by the same command, ends with the same bytes`, async () => {
  const count = join(folder, "count");
  const whole = await run("whole", { COUNT_FILE: count });
  expect(whole.code, whole.output).toBe(0);
  const expected = results("whole");
  expect(Object.keys(expected).filter((file) => file.endsWith(".safetensors")).length).toBeGreaterThan(2);
  const operations = Number(readFileSync(count, "utf8"));
  const rng = new Rng(SEED);
  const killedAfter: string[] = [];
  const met = (step: RegExp) => killedAfter.some((after) => step.test(after));
  // In full it goes on until every phase was met: which ones are, chance decides.
  const wanted = () =>
    killedAfter.length < KILLS || (KILLS >= FULL && killedAfter.length < MOST * KILLS && !PHASES.every(met));
  for (let i = 0; wanted(); i++) {
    for (;;) {
      const more = wanted();
      // A few kills on the way of each run: each sitting gets about a third of the way.
      const at = 1 + rng.int(Math.ceil(operations / 2));
      const after = rng.uniform() < 0.5 ? 0 : 1 + rng.int(LONGEST_MS);
      const ended = await run(`killed${i}`, more ? { KILL_AT: `${at}`, KILL_AFTER_MS: `${after}` } : {});
      if (ended.signal === "SIGKILL") {
        killedAfter.push(lastStep(`killed${i}`));
        continue;
      }
      expect(ended.code, ended.output).toBe(0);
      break;
    }
    expect(results(`killed${i}`), `killed after ${killedAfter.join(", ")}`).toEqual(expected);
  }
  console.log(`killed after: ${killedAfter.join(", ")}`);
  if (KILLS < FULL) return;
  for (const step of PHASES) expect(met(step), `${step} among ${killedAfter.join(", ")}`).toBe(true);
});
