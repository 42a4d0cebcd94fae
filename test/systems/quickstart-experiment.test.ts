import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { MINI_OPS } from "../../src/space";
import { DNA_MINI, parseExperiment, prepareExperiment } from "../../src/systems/dna";

const root = join(__dirname, "../..");
const json = (path: string) => JSON.parse(readFileSync(join(root, path), "utf8"));
const notebook: { cells: { cell_type: string; source: string | string[] }[] } = json("notebooks/00_quickstart.ipynb");
const code = notebook.cells
  .filter(({ cell_type }) => cell_type === "code")
  .map(({ source }) => (Array.isArray(source) ? source.join("") : source))
  .join("\n");

/** A number that the notebook's code gives, the last one where a tiny scale has its own before. */
function given(pattern: RegExp): number {
  const all = [...code.matchAll(new RegExp(pattern, "g"))];
  expect(all.length, `the notebook has ${pattern}`).toBeGreaterThan(0);
  return Number(all[all.length - 1][1]);
}

test("the quickstart's experiment is what the quickstart's notebook does", async () => {
  const experiment = parseExperiment(json("experiments/quickstart.json"));
  const { data, split, improve, search, retrain } = experiment;
  expect(data).toMatchObject({
    trainCount: given(/trainCount: (\d+)/),
    validationCount: given(/validationCount: (\d+)/),
  });
  expect(split).toBe(given(/blockCount: number = (\d+)/));
  expect(improve).toMatchObject(DNA_MINI.evidence);
  expect(DNA_MINI.evidence.networks).toBe(given(/evidence: number = (\d+)/));
  const budget = given(/budget: number = ([\d.]+)/);
  const { limits, further, space } = await prepareExperiment(experiment);
  expect((further[0].macs as number) / (limits.macs as number)).toBeCloseTo(1 / 2, 3);
  expect(search.macs).toBe(`${100 * budget}%`);
  // The seeds of a network's trainings, listed.
  const trainings = /\? \[seed\] : \[(seed[^\]]*)\]/.exec(code)![1].split(",").length;
  expect(retrain).toMatchObject({ random: given(/random: (\d+) \}; /), shrunk: ["width", "compound"], trainings });
  expect(retrain.tolerance).toBe(given(/tolerance: fast \? [\d.]+ : ([\d.]+)/));
  expect(space.blocks.map(({ ops }) => ops)).toEqual(space.blocks.map(() => MINI_OPS));
});

test("the fast experiment stays without brief trainings and shrunk teachers", () => {
  const { improve, retrain } = parseExperiment(json("experiments/fast.json"));
  expect([improve, retrain.shrunk, retrain.trainings]).toEqual([undefined, undefined, undefined]);
});
