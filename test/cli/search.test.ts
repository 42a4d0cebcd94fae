import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { registerSearch } from "../../src/cli/commands/search";
import { ConfigError, StudyError } from "../../src/core";
import { latencyKey, latencyTableOf, layersOfSpace } from "../../src/cost";

import { writeRatings } from "../../src/rate";
import { allNetworks, productTable, ratingTable, searchBest, weightedTable } from "../../src/search";
import { type Candidate, enumerateBlock, networkId, parseArchitecture } from "../../src/space";

import { RunDirectory } from "../../src/study";
import { parseExperiment } from "../../src/systems/dna";
import { tinySpace } from "../distill/tiny";

const space = tinySpace();
const scoreOf = ({ cell, path }: Candidate) => 20 + cell - path.reduce((sum, op) => sum + op + 0.3, 0);
const table = ratingTable(space, scoreOf);
const path = join(mkdtempSync(join(tmpdir(), "search-")), "run");
const latencies = join(path, "latency.json");

beforeAll(async () => {
  const run = RunDirectory.open(path, parseExperiment({ name: "run" }));
  await run.step("teacher", () => ({ macs: 100_000, params: 5000 }));
  await run.step("space", () => ({ blocks: [], space }));
  for (const block of space.blocks.keys()) {
    const candidates = enumerateBlock(space, block).map((of) => ({ ...of, ...measured(scoreOf(of)) }));
    const file = `ratings/block${block}.json`;
    const rate = () => writeRatings(run.file(file), { space: space.name, block, seed: 1, images: 8, candidates });
    await run.step(`rate/block${block}`, rate, { files: () => [file] });
  }
  run.close();
  const entries = layersOfSpace(space).map(({ layer, input }, i) => {
    const ms = 1 + i / 10;
    return { key: latencyKey(layer, input), medianMs: ms, lowMs: ms, highMs: ms, runs: 1 };
  });
  const engine = { backend: "none", device: "cpu", threads: 1, versions: {} };
  writeFileSync(latencies, JSON.stringify(latencyTableOf({ subject: "tiny", batch: 1, cpu: "none", engine, entries })));
});

const measured = (score: number) => ({ score, relativeL1: score, mse: score, relativeMse: score, nsr: score });

let printed: string[];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void printed.push(text));
});
afterEach(() => vi.restoreAllMocks());

async function search(...args: string[]): Promise<string> {
  const program = new Command("blockwise").exitOverride();
  registerSearch(program);
  await program.parseAsync(["search", path, ...args], { from: "user" });
  return printed.join("\n");
}

describe("blockwise search", () => {
  it("gives the best different networks within several limits, as an architecture that can be retrained", async () => {
    const most = Math.max(...allNetworks(table).map(({ cost }) => cost.macs!));
    const { networks } = JSON.parse(
      await search("--macs", `1k..${most - 1}`, "--params", "1M", "-k", "3", "--difference", "1", "--json"),
    );
    expect(networks).toHaveLength(3);
    const scores = networks.map(({ score }: { score: number }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    for (const { cost, architecture } of networks) {
      expect(cost.macs).toBeLessThan(most);
      expect(parseArchitecture(architecture).classes).toBe(space.classes);
    }
  });

  it("prints a table, with measured latencies where they are given", async () => {
    expect(await search()).toMatch(/^network +rating +macs +params +activationBytes$/m);
    printed = [];
    expect(await search("--latency", "99", "--latency-table", latencies)).toMatch(
      /activationBytes +latencyMs \(engine none on none\)$/m,
    );
  });

  it("weighs and joins blocks as asked, without training anything", async () => {
    const best = async (...args: string[]) => {
      printed = [];
      return JSON.parse(await search("--json", ...args)).networks[0];
    };
    const weights = space.blocks.map((_, block) => block);
    const [weighted] = searchBest(weightedTable(table, weights), { macs: 60_000 });
    const found = await best("--weights", weights.join(","), "--macs", "60%");
    expect(found.score).toBeCloseTo(weighted.score, 9);
    const [product] = searchBest(productTable(table), {});
    expect((await best("--join", "product")).id).toBe(networkId(product.choice));
  });

  it("takes limits as shares of the teacher's", async () => {
    const whole = JSON.parse(await search("--macs", "10%..60%", "--params", "100%", "--json"));
    expect(whole.limits).toEqual({ macs: [10_000, 60_000], params: 5000 });
  });

  it("notices ratings that are not those that the run made", async () => {
    const other = join(mkdtempSync(join(tmpdir(), "search-")), "other");
    cpSync(path, other, { recursive: true });
    const file = join(other, "ratings", "block0.json");
    writeFileSync(file, readFileSync(file, "utf8").replace("2", "3"));
    const program = () => {
      const command = new Command("blockwise").exitOverride();
      registerSearch(command);
      return command.parseAsync(["search", other], { from: "user" });
    };
    await expect(program()).rejects.toThrow(/block0\.json is not what was written; the same blockwise run again/);
    rmSync(file);
    await expect(program()).rejects.toThrow(StudyError);
  });

  it.each([
    ["--weights", "1"],
    ["--weights", "0,0"],
    ["--weights", "1,,"],
    ["--weights", "-1,2"],
    ["--weights", "1,x"],
    ["--join", "mean"],
    ["--activation", "50%"],
    ["--macs", "3M..2M"],
    ["--macs", "1M..2M..3M"],
    ["-k", "1000000"],
    ["-k", "x"],
    ["--difference", "x"],
    ["--difference", ""],
  ])("%s %s is refused with the option's name", async (option, value) => {
    await expect(search(option, value)).rejects.toThrow(ConfigError);
    await expect(search(option, value)).rejects.toThrow(option);
  });

  it("says what is missing", async () => {
    await expect(search("--latency", "3")).rejects.toThrow(/needs --latency-table/);
    await expect(search("--macs", "few")).rejects.toThrow(ConfigError);
    await expect(search("-k", "0")).rejects.toThrow(/k must be a whole number/);
    await expect(search("--macs", "1")).rejects.toThrow(/least attainable/);
  });
});
