import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { registerSearch } from "../../src/cli/commands/search";
import { ConfigError, writeJson } from "../../src/core";
import { latencyKey, latencyTableOf, layersOfSpace } from "../../src/cost";
import { ratedTable, ratingsFile, writeRatings, writeTable } from "../../src/rate";
import { allNetworks, ratingTable } from "../../src/search";
import { enumerateBlock, parseArchitecture } from "../../src/space";
import { RunDirectory } from "../../src/study";
import { parseExperiment } from "../../src/systems/dna";
import { tinySpace } from "../distill/tiny";

const space = tinySpace();
const table = ratingTable(space, ({ cell, path }) => 2 + cell - path.reduce((sum, op) => sum + op + 0.3, 0));
const path = join(mkdtempSync(join(tmpdir(), "search-")), "run");
const latencies = join(path, "latency.json");

beforeAll(async () => {
  const run = RunDirectory.open(path, parseExperiment({ name: "run" }));
  await run.step("space", () => ({ blocks: [], space }));
  writeJson(run.file("ratings", "table.json"), table);
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
    expect(await search("--latency", "99", "--latency-table", latencies)).toMatch(/activationBytes +latencyMs$/m);
  });

  it("notices a table that is not of the ratings beside it, and one that is none", async () => {
    const rated = space.blocks.map((_, block) =>
      enumerateBlock(space, block).map((candidate, i) => ({ ...candidate, ...measured(1 + i / 10) })),
    );
    const ratings = join(path, "ratings");
    const write = (block: number, images: number) =>
      writeRatings(ratingsFile(ratings, block), {
        space: space.name,
        block,
        seed: 1,
        images,
        candidates: rated[block],
      });
    for (const block of rated.keys()) write(block, 64);
    writeTable(ratings, ratedTable(space, rated));
    expect(await search()).toMatch(/rating/);
    write(1, 128);
    await expect(search()).rejects.toThrow(
      /made of the ratings beside it, and block1\.json has changed since.*run the same/,
    );
    rmSync(ratingsFile(ratings, 1));
    await expect(search()).rejects.toThrow(/block1\.json must be a block's ratings, and does not exist/);
    for (const content of ["null", "{}", '{"blocks":[]}', ""]) {
      writeFileSync(join(ratings, "table.json"), content);
      await expect(search(), content).rejects.toThrow(
        /table\.json must be a run's table of ratings, and is.*makes it anew/,
      );
    }
    writeJson(join(ratings, "table.json"), table);
  });

  it("says what is missing", async () => {
    await expect(search("--latency", "3")).rejects.toThrow(/needs --latency-table/);
    await expect(search("--macs", "few")).rejects.toThrow(ConfigError);
    await expect(search("-k", "0")).rejects.toThrow(/k must be a whole number/);
    await expect(search("--macs", "1")).rejects.toThrow(/least attainable/);
  });
});
