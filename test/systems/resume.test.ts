import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { engine } from "../../src/engine";
import type { MeasuredFront } from "../../src/retrain";
import { RunDirectory } from "../../src/study";
import { parseExperiment, runExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

const root = join(__dirname, "../..");
const runs = mkdtempSync(join(tmpdir(), "resume-"));
const experiment = join(runs, "tiny.json");
writeFileSync(experiment, JSON.stringify(tinyExperiment));

interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  output: string;
}

/** Runs `blockwise run`, which gets a signal just when a file of the run was written. */
function blockwiseRun(name: string, stop?: { signal: NodeJS.Signals; when: string }): Promise<Ended> {
  const main = join(root, "src/cli/main.ts");
  const preload = ["--require", join(__dirname, "stop-at.cjs"), "--import", "tsx"];
  const args = [...preload, main, "run", experiment, "--runs-dir", runs, "--name", name];
  const env = { ...process.env, ...(stop && { STOP_AT: join(name, stop.when), STOP_BY: stop.signal }) };
  const child = spawn(process.execPath, args, { cwd: root, env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, output })));
}

/** The run's files whose bytes must not depend on how often it was stopped. */
function results(name: string): Record<string, string> {
  const files = readdirSync(join(runs, name, "ratings")).map((file) => `ratings/${file}`);
  return Object.fromEntries(
    [...files, "front.json"].map((file) => [file, readFileSync(join(runs, name, file), "utf8")]),
  );
}

describe("a run", () => {
  let front: MeasuredFront;

  beforeAll(async () => {
    engine.use("auto", { threads: 1 });
    const config = parseExperiment({ ...tinyExperiment, name: "whole" });
    const directory = RunDirectory.open(join(runs, "whole"), config);
    front = await runExperiment(config, directory);
    directory.close();
  });

  test("ends with a rated front and true accuracies of found and random networks", () => {
    expect(front.measured.map(({ label }) => label)).toEqual(["teacher", "found 1", "found 2", "random 1"]);
    expect(Object.keys(results("whole")).sort()).toEqual([
      "front.json",
      "ratings/block0.json",
      "ratings/block1.json",
      "ratings/table.json",
    ]);
    const { candidates } = JSON.parse(results("whole")["ratings/block0.json"]);
    expect(candidates).toHaveLength(2 + 4);
    const [, ...networks] = front.measured;
    for (const { macs, accuracy, file } of networks) {
      expect(macs).toBeLessThan(1.3 * 60_000);
      const found = JSON.parse(readFileSync(join(runs, "whole", file), "utf8"));
      expect(found.measured.map((m: { split: string }) => m.split)).toEqual(["validation", "test"]);
      expect(found.measured[1].accuracy).toBe(accuracy);
    }
    const scores = front.predictedFront.map(({ score }) => score);
    expect([...scores].sort((a, b) => b - a)).toEqual(scores);
  });

  test("killed with -9 during distillation, interrupted in the next block and resumed, it ends with the same bytes", async () => {
    const killed = await blockwiseRun("stopped", { signal: "SIGKILL", when: "checkpoints/block0-cell0.safetensors" });
    expect(killed).toMatchObject({ code: null, signal: "SIGKILL" });
    expect(existsSync(join(runs, "stopped/ratings/block0.json"))).toBe(false);

    const interrupted = await blockwiseRun("stopped", {
      signal: "SIGINT",
      when: "checkpoints/block1-cell0.safetensors",
    });
    expect(interrupted.code).toBe(130);
    expect(interrupted.output).toMatch(/resuming after 3 complete steps/);
    expect(interrupted.output).toMatch(/distill block 2\/2: stopped at .*same command again resumes/);

    const resumed = await blockwiseRun("stopped");
    expect(resumed.code).toBe(0);
    expect(resumed.output).toMatch(/the best rated within the budget, has .* points (above|below) the teacher/);
    expect(results("stopped")).toEqual(results("whole"));

    const again = await blockwiseRun("stopped");
    expect(again.code).toBe(0);
    expect(again.output).not.toMatch(/distill/);
  });
});
