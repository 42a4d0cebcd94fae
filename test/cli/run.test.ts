import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { registerRetrain } from "../../src/cli/commands/retrain";
import { registerRun } from "../../src/cli/commands/run";
import { registerStatus } from "../../src/cli/commands/status";
import { BlockwiseError, ConfigError } from "../../src/core";
import type { ExperimentInput } from "../../src/systems/dna";
import { tinyExperiment } from "../systems/tiny-experiment";

const folder = mkdtempSync(join(tmpdir(), "cli-run-"));
const runs = join(folder, "runs");
const { name: _, ...unnamed } = tinyExperiment;
const small: ExperimentInput = {
  ...unnamed,
  teacher: { ...tinyExperiment.teacher, epochs: 1 },
  distill: { images: 64, epochs: 1, batchSize: 16 },
  retrain: { ...tinyExperiment.retrain, epochs: 1, alongFront: 1, random: 0 },
};
const file = join(folder, "mine.json");

let printed: string[];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void printed.push(text));
  vi.spyOn(console, "error").mockImplementation(() => {});
  vi.spyOn(process.stderr, "write").mockImplementation(() => true);
});
afterEach(() => vi.restoreAllMocks());

async function blockwise(...args: string[]): Promise<string> {
  printed = [];
  const program = new Command("blockwise").exitOverride();
  registerRun(program);
  registerRetrain(program);
  registerStatus(program);
  await program.parseAsync(args, { from: "user" });
  return printed.join("\n");
}

const run = (experiment: ExperimentInput, ...args: string[]) => {
  writeFileSync(file, JSON.stringify(experiment));
  return blockwise("run", file, "--runs-dir", runs, ...args);
};

describe("blockwise run", () => {
  it("gives another seed on the command line a folder of its own, and says so", async () => {
    expect(await run(small)).toMatch(/runs\/mine: a new run/);
    const front = readFileSync(join(runs, "mine", "front.json"), "utf8");
    expect(await run(small, "--seed", "7")).toMatch(
      /seed 7 instead of the experiment's has a folder of its own, mine-seed7/,
    );
    expect(readFileSync(join(runs, "mine", "front.json"), "utf8")).toBe(front);
    expect(await run(small, "--seed", "4")).not.toMatch(/folder of its own/);
  });

  it("says what a changed experiment reuses and does again; with --quiet the result alone", async () => {
    const weighted = { ...small, search: { ...small.search, weights: [1, 0] } };
    const said = await run(weighted);
    expect(said).toContain("reused: teacher, space, distillation, ratings");
    expect(said).toContain("again: search (search.weights: nothing, now [1,0])");
    expect(await run(weighted, "--quiet")).toMatch(/^network /);
    expect(JSON.parse(await run(weighted, "--json")).front.measured).toHaveLength(2);
  });

  it("leaves what blockwise status tells of it, and its configuration resumes it", async () => {
    const said = await blockwise("status", join(runs, "mine"));
    expect(said).toMatch(/^run +state +steps +at +progress +left +held by\n\S+mine +done +9\/9 +- +- +- +-$/);
    const { runs: states } = JSON.parse(await blockwise("status", runs, "--json"));
    expect(states.map(({ path, state }: { path: string; state: string }) => [path, state])).toEqual([
      [join(runs, "mine"), "done"],
      [join(runs, "mine-seed7"), "done"],
    ]);
    const again = await blockwise("run", join(runs, "mine", "config.json"), "--runs-dir", runs);
    expect(again).toMatch(/mine: resuming after/);
    await expect(blockwise("status", join(runs, "no"))).rejects.toThrow(/or a folder of some, and is not there/);
  });

  it("starts from what another run did, under another name", async () => {
    const said = await run({ ...small, search: { macs: "50k" } }, "--name", "other", "--from", join(runs, "mine"));
    expect(said).toContain("reused: teacher, space, distillation, ratings");
    await expect(run(small, "--name", "other", "--from", join(runs, "mine"))).rejects.toThrow(/leave --from out/);
  });

  it("trains what a search finds", async () => {
    const said = await blockwise("retrain", join(runs, "mine"), "--macs", "700%", "--weights", "0.3,1", "--json");
    const [network] = JSON.parse(said).networks;
    expect(existsSync(join(runs, "mine", network.file))).toBe(true);
    await expect(blockwise("retrain", join(runs, "mine"), "c9.0")).rejects.toThrow(ConfigError);
    await expect(blockwise("retrain", join(runs, "none"))).rejects.toThrow(
      /retrain: .*none must be the directory of a run/,
    );
    await expect(blockwise("retrain", join(runs, "mine"), "--macs", "10")).rejects.toThrow(/least attainable/);
  });

  it.each<[string, ExperimentInput]>([
    ["a typo in data.name", { ...small, data: { ...small.data, name: "syntetic" } }],
    ["more images than there are", { ...small, data: { ...small.data, trainCount: 1e6 } }],
    ["a teacher for other images", { ...small, teacher: { architecture: "efficientnet-b0" } }],
    ["a budget that nothing meets", { ...small, search: { macs: 1 } }],
    ["a teacher's file that is not there", { ...small, teacher: { file: join(folder, "no.safetensors") } }],
    ["a latency table that is not there", { ...small, search: { latencyTable: join(folder, "no.json") } }],
  ])("leaves nothing behind after %s, so that the corrected experiment starts", async (_, wrong) => {
    await expect(run(wrong, "--name", "failed")).rejects.toThrow(BlockwiseError);
    expect(existsSync(join(runs, "failed"))).toBe(false);
  });

  it("refuses a name that a file's name does not give", async () => {
    const odd = join(folder, "...json");
    writeFileSync(odd, JSON.stringify(small));
    await expect(blockwise("run", odd, "--runs-dir", runs, "--force")).rejects.toThrow(/--name/);
  });
});
