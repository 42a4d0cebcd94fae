import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, readJson } from "../../src/core";
import { DISTILL_DEFAULTS } from "../../src/distill";
import { type ExperimentInput, parseExperiment } from "../../src/systems/dna";

const experiments = join(__dirname, "../../experiments");

describe("experiment", () => {
  // Those of other systems have forms, and tests, of their own.
  const isBlockwise = (name: string) => !("system" in (readJson(join(experiments, name)) as object));
  const files = readdirSync(experiments).filter((name) => name.endsWith(".json") && isBlockwise(name));
  test.each(files)("%s is well-formed", (name) => {
    const config = parseExperiment(readJson(join(experiments, name)), name);
    // Filling defaults in twice changes nothing.
    expect(parseExperiment(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  test("an empty one is the recipe itself", () => {
    const config = parseExperiment({});
    expect(config.seed).toBe(1);
    expect(config.distill.epochs).toBe(DISTILL_DEFAULTS.epochs);
    expect(config.retrain.alongFront).toBeGreaterThanOrEqual(4);
    expect(config.retrain.random).toBeGreaterThanOrEqual(2);
  });

  test("limits may be text", () => {
    expect(parseExperiment({ search: { macs: "4M", params: "300k" } }).search).toMatchObject({
      macs: 4e6,
      params: 3e5,
    });
  });

  test("limits may be intervals", () => {
    const search = { macs: ["3M", "4M"], activationBytes: [0, "400k"], latencyMs: [1, 2.5] };
    expect(parseExperiment({ search } as ExperimentInput).search).toMatchObject({
      macs: [3e6, 4e6],
      activationBytes: [0, 4e5],
      latencyMs: [1, 2.5],
    });
  });

  test.each([
    [{ distil: {} }, /Unrecognized key: "distil"/],
    [{ distill: { epoch: 3 } }, /Unrecognized key: "epoch"[\s\S]*at distill/],
    [{ distill: { epochs: 0 } }, /at distill\.epochs/],
    [{ distill: { sampler: "sandwich" } }, /at distill\.sampler/],
    [{ search: { macs: "four" } }, /a count must be a number or text[\s\S]*at search\.macs/],
    [{ space: { cells: [[]] } }, /at space\.cells\[0\]/],
    [{ name: "../elsewhere" }, /letters, digits, dots/],
    [{ teacher: { epochs: "8" } }, /at teacher\.epochs/],
    [{ improve: true }, /expected object[\s\S]*at improve/],
    [[], /expected object/],
  ])("%j is refused with its place", (value, message) => {
    expect(() => parseExperiment(value, "mine.json")).toThrow(ConfigError);
    expect(() => parseExperiment(value, "mine.json")).toThrow(message);
  });

  test.each<[object, RegExp]>([
    [{ split: "stagez" }, /must be a number of blocks, "stages", .*got "stagez"; perhaps "stages" is meant/],
    [{ split: {} }, /must be a number of blocks, "stages", the indices .* or \{ "after"/],
    [{ split: ["block0.1"] }, /"after": \[\.\.\.\] \} with indices or names/],
    [{ improve: { netwroks: 8 } }, /perhaps "networks" is meant/],
    [{ improve: { networks: 3 } }, /improve\.networks/],
    [{ search: { also: [{}] } }, /must limit something, e\.g\. \{ "macs": "20%" \}/],
    [{ search: { latencyMs: "soon" } }, /milliseconds above 0, text such as "45%"/],
    [{ retrain: { shrunk: ["depth"] } }, /retrain\.shrunk/],
    [{ retrain: { shrunk: ["width", "width"] } }, /each way once/],
    [{ retrain: { trainings: 0 } }, /retrain\.trainings/],
    [{ retrain: { tolerance: "150%" } }, /retrain\.tolerance/],
    [{ search: { macs: [1] } }, /"4M" or "45%", or an interval of two, got/],
    [{ distill: { epochs: "5" } }, /a whole number from 1, or one a block, got "5"/],
    [{ data: { name: "x", shape: "8x8" } }, /a side, \[height, width\].*got "8x8"/],
    [{ teacher: { architecture: 3 } }, /a preset's name or an architecture, got 3/],
  ])("%j is told what a value of several forms must be", (value, message) => {
    expect(() => parseExperiment(value)).toThrow(message);
    expect(() => parseExperiment(value)).not.toThrow(/Invalid input/);
  });

  test("all that is wrong is listed at once", () => {
    expect(() => parseExperiment({ split: 0, retrain: { random: -1 } })).toThrow(/at split[\s\S]*at retrain\.random/);
  });
});
