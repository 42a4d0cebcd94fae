import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { registerCost } from "../../src/cli/commands/cost";
import { registerSpace } from "../../src/cli/commands/space";
import { reportFailure } from "../../src/cli/failure";
import { BlockwiseError, SpaceError } from "../../src/core";
import { architecturePreset, cellPreset } from "../../src/space";
import { publishedCosts } from "../../src/systems/dna/published";

let printed: string[];
beforeEach(() => {
  printed = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => void printed.push(text));
});
afterEach(() => vi.restoreAllMocks());

async function run(...args: string[]): Promise<string> {
  const program = new Command("blockwise").exitOverride();
  registerCost(program);
  registerSpace(program);
  await program.parseAsync(args, { from: "user" });
  return printed.join("\n");
}

describe("blockwise cost", () => {
  it("prints params, macs and flops in all and by layer as JSON", async () => {
    const cost = JSON.parse(await run("cost", "dna-c", "--json"));
    expect(cost).toMatchObject({ name: "dna-c", params: 5273896, input: { height: 224, width: 224, channels: 3 } });
    expect([cost.macs / 1e6, cost.flops / 1e6].map((x) => x.toFixed(2))).toEqual(["450.14", "465.91"]);
    const sum = cost.layers.reduce((total: number, layer: { macs: number }) => total + layer.macs, 0);
    expect(sum).toBe(cost.macs);
  });

  it("prints a table that says what it counts", async () => {
    const text = await run("cost", "efficientnet_b0");
    expect(text).toMatch(/^params 5,288,548$/m);
    expect(text).toMatch(/^macs +385,814,752 {2}\(convolution and linear/m);
    expect(text).toMatch(/^flops +399,352,864 {2}\(the papers' counter/m);
    expect(text).toMatch(/block2\.1 +ir_k5_s1_e6_c40_se0.25 +28x28x40/);
  });

  it("takes each preset's own input unless given", async () => {
    expect(JSON.parse(await run("cost", "nas-bench-macro/00000000", "--json"))).toMatchObject({ macs: 7713280 });
    printed = [];
    const at = JSON.parse(await run("cost", "efficientnet_b7", "--input", "224x192", "--json"));
    expect(at).toMatchObject({ params: 66347960, input: { height: 224, width: 192, channels: 3 } });
  });

  it("reads timm strings, as text and as JSON", async () => {
    const text = JSON.parse(await run("cost", "ds_r1_k3_s1_e1_c16_se0.25 ir_r2_k3_s2_e6_c24_se0.25", "--json"));
    printed = [];
    const json = JSON.parse(
      await run("cost", '[["ds_r1_k3_s1_e1_c16_se0.25"],["ir_r2_k3_s2_e6_c24_se0.25"]]', "--json"),
    );
    expect(text).toEqual(json);
    expect(text.layers.map(({ name }: { name: string }) => name)).toContain("block1.1");
    // The strings name blocks only: what was counted around them is said.
    expect(text.note).toMatch(/blocks only.*stem \(cn_k3_s2_c32\), head \(cn_k1_s1_c1280\), 1000 classes/);
    printed = [];
    expect(await run("cost", "ir_r2_k3_s2_e6_c24_se0.25")).toMatch(/name blocks only/);
    printed = [];
    expect(await run("cost", "efficientnet_b0")).not.toMatch(/name blocks only/);
  });

  it("reads an architecture file and a found network's file", async () => {
    const dir = mkdtempSync(join(tmpdir(), "blockwise-cli-"));
    const path = join(dir, "net.json");
    writeFileSync(path, JSON.stringify({ architecture: architecturePreset("dna-a") }));
    expect(JSON.parse(await run("cost", path, "--json"))).toMatchObject({ name: "dna-a", params: 4243318 });
    writeFileSync(path, "{");
    await expect(run("cost", path)).rejects.toThrow(/must be an architecture, and is no JSON.*write it anew/);
    rmSync(dir, { recursive: true });
  });

  it("counts networks of cells: a row a cell as text, every operation as JSON", async () => {
    const cost = JSON.parse(await run("cost", "darts-v2", "--json"));
    expect(cost).toMatchObject({ name: "darts-v2", params: 3349342, macs: 528359040 });
    const pooling = cost.layers.find(({ name }: { name: string }) => name === "cell6.node2.0");
    expect(pooling).toMatchObject({ layer: "max3(0)", output: { height: 16, width: 16, channels: 72 }, params: 0 });
    printed = [];
    const text = await run("cost", "pocketnet-s-128");
    expect(text).toMatch(/^params 925,632$/m);
    expect(text).toMatch(/^cell6 +reduction +28x28x128 /m);
    expect(text).toMatch(/^normal: dw3\(0\)\+dw1\(1\) \| /m);
    printed = [];
    expect(JSON.parse(await run("cost", "nas-bench-201/333333", "--json")).params).toBe(1531546);
  });

  it("reads a file with a network of cells, and tells its mistakes", async () => {
    const dir = mkdtempSync(join(tmpdir(), "blockwise-cli-"));
    const path = join(dir, "cells.json");
    const network = cellPreset("eeea-a");
    writeFileSync(path, JSON.stringify(network));
    expect(JSON.parse(await run("cost", path, "--json"))).toMatchObject({ name: "eeea-a", params: 1769230 });
    writeFileSync(path, JSON.stringify({ ...network, stem: { ...network.stem, chanels: 3 } }));
    await expect(run("cost", path)).rejects.toThrow(/stem: key "chanels" is not known; did you mean channels\?/);
    rmSync(dir, { recursive: true });
  });

  it.each([
    ["a misspelt network of cells", ["cost", "dart-v2"], /must be a preset.*did you mean darts-v2\?/],
    ["a key of NAS-Bench-201 that is none", ["cost", "nas-bench-201/12345"], /must be six digits from 0 to 4/],
    [
      "an unknown name",
      ["cost", "mobilenet"],
      /must be a preset, a file or timm block strings; did you mean mobilenet_v2\? presets are dna-a/,
    ],
    ["a space", ["cost", "nas-bench-201"], /is a search space, which npx blockwise space nas-bench-201 counts/],
    ["a typo in a timm string", ["cost", "ir_r1_k3_s1_f6_c24"], /unknown token "f6"/],
    ["a wrong size", ["cost", "dna-a", "--input", "wide"], /--input: must be a size/],
    ["an unknown space", ["space", "mnasnet"], /known are dna, .*dna-mini.*nas-bench-201/],
    ["a misspelt space", ["space", "darts2"], /did you mean darts\?/],
  ])("%s is an error", async (_, args, message) => {
    await expect(run(...args)).rejects.toThrow(message);
    await expect(run(...args)).rejects.toBeInstanceOf(BlockwiseError);
  });
});

describe("blockwise cost --published", () => {
  it("sets exact parameters, both counters and the printed figures side by side, and explains DNA-b", async () => {
    const text = await run("cost", "--published");
    expect(text).toMatch(/params, exact +published +FLOPs, papers' counter +published +MACs, conv \+ linear/);
    expect(text).toMatch(/^dna-b +4,918,180 +4\.9M +405\.78M +394M \(differs\) +392\.49M/m);
    expect(text).toMatch(/^dna-d +6,409,486 +6\.4M +611\.19M +611M +592\.84M/m);
    expect(text).toMatch(/DNA-b is printed with 394M/);
    const [agreeing, differing] = [true, false].map((agrees) =>
      publishedCosts().filter((of) => of.agrees.params && of.agrees.flops === agrees),
    );
    expect(agreeing.map(({ name }) => name)).toEqual(["dna-a", "dna-c", "dna-d", "efficientnet_b0"]);
    expect(differing.map(({ name, nearest }) => [name, nearest])).toEqual([["dna-b", "macs"]]);
    printed = [];
    expect(JSON.parse(await run("cost", "--published", "--json")).networks).toHaveLength(5);
  });

  it("without it a network must be named", async () => {
    await expect(run("cost")).rejects.toThrow(/a network must be named, or --published/);
  });
});

describe("blockwise space", () => {
  it("prints candidates, and networks as text for they exceed 2^53", async () => {
    const space = JSON.parse(await run("space", "dna", "--json"));
    expect(space).toMatchObject({ name: "dna", candidates: 23046, networks: "195898498887057408" });
    expect(space.blocks.map(({ candidates }: { candidates: number }) => candidates)).toEqual([
      288, 1548, 1548, 2808, 16848, 6,
    ]);
  });

  it("counts spaces of cells: 15,625 of NAS-Bench-201, 2.5e10 of EEEA-Net, PNAS' different blocks", async () => {
    const table = JSON.parse(await run("space", "nas-bench-201", "--json"));
    expect(table).toMatchObject({ name: "nas-bench-201", cells: "15625", networks: "15625" });
    expect(table.ops.map(({ op }: { op: string }) => op)).toEqual(["none", "skip", "conv1", "conv3", "avg3"]);
    printed = [];
    const text = await run("space", "nas-bench-201");
    expect(text).toMatch(/^cells +15,625$/m);
    expect(text).toMatch(/^conv3 +convolution 3x3$/m);
    printed = [];
    expect(JSON.parse(await run("space", "eeea", "--json"))).toMatchObject({ cells: "24794911296" });
    printed = [];
    const pnas = JSON.parse(await run("space", "pnas", "--json"));
    expect(pnas.blocks.map(({ unique }: { unique: number }) => unique)).toEqual([136, 300, 528, 820, 1176]);
    expect(Number(pnas.cells)).toBe(256 * 576 * 1024 * 1600 * 2304);
    printed = [];
    expect(await run("space", "pnas")).toMatch(/^5 +6 +2,304 +1,176$/m);
  });

  it("prints a table", async () => {
    const text = await run("space", "dna");
    expect(text).toMatch(/candidates 23,046\nnetworks {3}195,898,498,887,057,408\n/);
    expect(text).toMatch(/table of cells is reconstructed/);
    printed = [];
    expect(await run("space", "dna-mini")).not.toMatch(/reconstructed/);
  });
});

describe("a failure", () => {
  it("shows the message alone when it was thrown on purpose", () => {
    const errors: unknown[] = [];
    vi.spyOn(console, "error").mockImplementation((error) => void errors.push(error));
    expect(reportFailure(new SpaceError("cells: too shallow"))).toBe(2);
    const bug = new TypeError("x is undefined");
    expect(reportFailure(bug)).toBe(1);
    expect(errors).toEqual(["blockwise: cells: too shallow", bug]);
  });

  it("ends the real command with exit code 2, a usage error, and no stack trace", () => {
    const { status, stderr, stdout } = spawnSync(
      process.execPath,
      ["--import", "tsx", "src/cli/main.ts", "cost", "nosuch"],
      {
        encoding: "utf8",
      },
    );
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^blockwise: cost: "nosuch" must be a preset/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });
});
