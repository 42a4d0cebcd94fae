import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { registerLatency } from "../../src/cli/commands/latency";
import { ConfigError } from "../../src/core";
import { networkLatency, parseLatencyTable, readLatencyTable } from "../../src/cost";
import { engine, tf } from "../../src/engine";
import { measureLatency } from "../../src/nn";
import { architecturePreset, conv } from "../../src/space";

let printed: string[];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void printed.push(text));
});
afterEach(() => vi.restoreAllMocks());

async function run(...args: string[]): Promise<string> {
  const program = new Command("blockwise").exitOverride();
  registerLatency(program);
  await program.parseAsync(["latency", ...args], { from: "user" });
  return printed.join("\n");
}

describe("measured latency", () => {
  it("has every layer with its median and spread, and leaves nothing behind", async () => {
    engine.use("auto", { threads: 1 });
    const before = tf.memory().numTensors;
    const shape = { height: 8, width: 8, channels: 3 };
    const subjects = [
      { layer: conv(3, 4), input: shape },
      { layer: { kind: "classifier", classes: 5 } as const, input: shape },
    ];
    const settings = { padding: "same", batchNormEpsilon: 1e-3 } as const;
    const results = await measureLatency(subjects, settings, { batch: 2, rounds: 4 });
    expect(results.map(({ subject }) => subject)).toEqual(subjects);
    for (const { sortedMs } of results) {
      expect(sortedMs).toHaveLength(4);
      expect(sortedMs).toEqual([...sortedMs].sort((a, b) => a - b));
      expect(sortedMs[0]).toBeGreaterThan(0);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it("refuses a subject that is none, and a count that is none", async () => {
    await expect(run("nothing")).rejects.toThrow(/must be a search space \(dna, /);
    await expect(run("dna-mini", "--rounds", "0")).rejects.toThrow(ConfigError);
  });
});

describe("blockwise latency", () => {
  it("writes a table from which a network's latency follows", () => {
    const out = join(mkdtempSync(join(tmpdir(), "latency-")), "table.json");
    const name = "efficientnet-tiny@28px";
    const args = [
      "--import",
      "tsx",
      "src/cli/main.ts",
      "latency",
      name,
      "--rounds",
      "3",
      "--threads",
      "1",
      "--out",
      out,
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    expect([status, stderr.includes("Error")]).toEqual([0, false]);
    const table = parseLatencyTable(JSON.parse(readFileSync(out, "utf8")));
    expect(table).toMatchObject({ subject: name, batch: 1, engine: { threads: 1 } });
    for (const { lowMs, medianMs, highMs, runs } of table.entries) {
      expect([lowMs! <= medianMs, medianMs <= highMs!, runs]).toEqual([true, true, 3]);
    }
    const sum = networkLatency(table, architecturePreset(name));
    expect(stdout).toContain(`sum over the network's layers ${sum.toFixed(3)} ms`);
  });
});

describe("blockwise latency of other places", () => {
  const folder = mkdtempSync(join(tmpdir(), "latency-places-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const name = "efficientnet-tiny@28px";
  const at = (file: string) => join(folder, file);

  it("writes what is to be measured on a phone, lists all that is missing at once, and takes the rest", async () => {
    await run(name, "--template", at("phone.csv"));
    const template = readFileSync(at("phone.csv"), "utf8");
    const keys = template.match(/^"?\S.* @ .*$/gm)!;
    expect(keys.length).toBeGreaterThan(5);
    const said = await run(name, "--from", at("phone.csv")).catch((error: Error) => error);
    expect(said).toBeInstanceOf(ConfigError);
    const { message } = said as Error;
    expect(message).toContain(`lacks ${keys.length}:`);
    expect(message.match(/^ {2}\S.* @ /gm)).toHaveLength(keys.length);
    writeFileSync(at("phone.csv"), template.replace(/,,,,$/gm, ",0.5,,,").replace("name-of-the-device", "pixel-7"));
    printed = [];
    const text = await run(name, "--from", at("phone.csv"), "--out", at("phone.json"));
    expect(text).toContain("pixel-7");
    const table = readLatencyTable(at("phone.json"));
    expect(table.entries).toHaveLength(keys.length);
    expect(networkLatency(table, architecturePreset(name))).toBeGreaterThanOrEqual(0.5 * keys.length);
  });

  it("measures in a browser, and does not take the place of another network's table", async () => {
    await run(name, "--browser", "chromium-wasm", "--rounds", "1", "--out", at("tables"));
    const table = readLatencyTable(at("tables/chromium-wasm.json"));
    expect(table).toMatchObject({ subject: name, place: "chromium-wasm", engine: { backend: "tfjs-wasm" } });
    expect(networkLatency(table, architecturePreset(name))).toBeGreaterThan(0);
    expect(printed.join("\n")).toContain("chromium-wasm");
    await expect(run("dna-mini", "--browser", "chromium-wasm", "--out", at("tables"))).rejects.toThrow(
      /tables\/chromium-wasm.json is the table of efficientnet-tiny@28px \(chromium-wasm on .*would be lost/,
    );
  });

  it.each([
    [["--browser", "chromium-wsm"], /did you mean chromium-wasm/],
    [["--browser", "--threads", "2"], /--threads does nothing beside --browser/],
    [["--browser", "--from", "x.csv"], /one of --browser and --from/],
    [["--browser", "--out", "one.json"], /must be a folder, since there is a table for each of chromium-wasm, /],
    [["--from", "nothing.csv"], /nothing\.csv/],
    [["--from", "nothing"], /"nothing" must be a file, or the name of one in latency\//],
  ] as const)("%j is refused in a sentence", async (args, said) => {
    await expect(run(name, ...args)).rejects.toThrow(said);
  });
});
