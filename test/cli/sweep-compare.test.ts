import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { tinyExperiment } from "../systems/tiny-experiment";
import { blockwise } from "./blockwise";

const folder = mkdtempSync(join(tmpdir(), "sweep-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = join(folder, "blocks.json");
const { name: _, ...rest } = tinyExperiment;
writeFileSync(
  file,
  JSON.stringify({
    ...rest,
    space: { kernels: [3, 5], expansions: [2, 3], cellsPerBlock: 2 },
    distill: { images: 64, epochs: 1, batchSize: 16 },
    search: { macs: "300%" },
    retrain: { epochs: 1, batchSize: 32, alongFront: 1, random: 1, tolerance: 0.9 },
  }),
);
const sweep = (...args: string[]) => blockwise("sweep", file, "--runs-dir", folder, "--threads", "1", ...args);

describe("blockwise sweep and compare", () => {
  it("sweep block counts in one command and compare two of its runs", async () => {
    const { code, out, err } = await sweep("--seeds", "4..5", "-p", "split=1,2", "--json");
    expect(code, err).toBe(0);
    const swept = JSON.parse(out);
    expect(swept.rows).toHaveLength(2);
    expect(swept.rows[0].figures.found.standardError).toBeGreaterThanOrEqual(0);
    const place = join(folder, "blocks-sweep");
    expect(readFileSync(join(place, "sweep.csv"), "utf8")).toMatch(/^split,seeds,found,found standard error/);
    expect(readFileSync(join(place, "sweep.html"), "utf8")).toContain("Settings swept");
    const text = await sweep("--seeds", "4,5", "-p", "split=1,2", "--quiet");
    expect(text.out).toMatch(/^split\s+seeds\s+found/);
    expect(text.out).toContain("±");

    const [a, b] = ["split-1-seed4", "split-2-seed4"].map((name) => join(place, name));
    const csv = join(folder, "both.csv");
    const page = join(folder, "both.html");
    const compared = await blockwise("compare", a, b, "--csv", csv, "--html", page);
    expect(compared.code, compared.err).toBe(0);
    expect(compared.out).toMatch(/setting\s+split-1-seed4\s+split-2-seed4\nsplit\s+1\s+2\n/);
    expect(compared.out).toContain("split-2-seed4: found 1 has");
    expect(readFileSync(csv, "utf8").trim().split("\n")).toHaveLength(7);
    expect(readFileSync(page, "utf8")).toContain("Runs side by side");
    const json = JSON.parse((await blockwise("compare", a, b, "--json")).out);
    expect(json.settings).toEqual({ split: [1, 2] });
    expect(json.caveat).toBeUndefined();
    const seeds = await blockwise("compare", a, join(place, "split-1-seed5"));
    expect(seeds.out).toContain("their test images may differ");
  });

  it("are refused in a sentence before anything is trained", async () => {
    const wrong: [args: string[], message: RegExp][] = [
      [["-p", "splitt=1"], /perhaps "split" is meant/],
      [["-p", "split"], /must be key=values/],
      [["-p", "split=1,,2"], /got nothing/],
      [["-p", "split=[1"], /list in JSON/],
      [["-p", "split=1", "-p", "split=2"], /given once/],
      [["--seeds", "5..1"], /must be rising/],
      [["--seeds", "1..2..3"], /must be rising|whole number/],
    ];
    for (const [args, message] of wrong) {
      const { code, err } = await sweep(...args);
      expect(code, err).toBe(2);
      expect(err).toMatch(message);
    }
    const one = await blockwise("compare", folder);
    expect(one.code).toBe(2);
    expect(one.err).toMatch(/two or more different directories/);
  });
});
