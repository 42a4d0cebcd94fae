import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { BlockwiseError, BudgetInfeasibleError, ConfigError, Rng } from "../../src/core";
import { networkCost } from "../../src/cost";
import { engine } from "../../src/engine";
import { Network } from "../../src/nn";
import { architectureFromTimm, parseArchitecture, parseTimm } from "../../src/space";
import { RunDirectory } from "../../src/study";
import { type ExperimentInput, parseExperiment, prepareExperiment, runExperiment } from "../../src/systems/dna";
import { Teacher } from "../../src/teacher";
import { tinyArchitecture } from "../teacher/tiny";
import { tinyExperiment } from "./tiny-experiment";

const folder = mkdtempSync(join(tmpdir(), "prepare-"));
const empty = join(folder, "empty.json");
writeFileSync(empty, "{}");

const prepare = async (change: ExperimentInput) => prepareExperiment(parseExperiment({ ...tinyExperiment, ...change }));
const space = tinyExperiment.space;
const deep = [{ depth: 40, width: 4 }];

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

describe("what can be known before the teacher is trained is told then", () => {
  const mistakes: readonly (readonly [string, ExperimentInput, RegExp])[] = [
    ["an unknown data set", { data: { name: "fashion" } }, /fashion/],
    ["an unknown teacher", { teacher: { architecture: "efficientnet-b99" } }, /efficientnet-b99/],
    [
      "a teacher's file that is not there",
      { teacher: { file: join(folder, "no.safetensors") } },
      /teacher\.file.*does not exist/,
    ],
    ["a teacher's file that is none", { teacher: { file: empty } }, /empty\.json/],
    ["more blocks than layers", { split: 9 }, /split/],
    ["a cut point that no layer has", { split: { after: ["block9.0"] } }, /block9\.0/],
    ["cut points that do not rise", { split: [2, 1] }, /rising/],
    ["cut points beyond the layers", { split: [99] }, /rising|99/],
    [
      "cells for another number of blocks",
      { space: { ...space, cells: [[{ depth: 1, width: 4 }]] } },
      /space\.cells.*2 blocks.*got 1/,
    ],
    [
      "a cell that is too shallow for its stride",
      { split: [0], space: { ...space, cells: [[{ depth: 1, width: 4 }], [{ depth: 0, width: 4 }]] } },
      /depth/,
    ],
    [
      "cells of 40 layers",
      { space: { ...space, cells: [deep, deep] } },
      /at most 1,000,000 candidates.*shallower cells/,
    ],
    ["an even kernel", { space: { ...space, kernels: [4] } }, /must be odd/],
    ["a kernel of 999", { space: { ...space, kernels: [999] } }, /255/],
    ["an expansion of 100000", { space: { ...space, expansions: [100_000] } }, /256/],
    ["weights for another number of blocks", { search: { weights: [1, 1, 1] } }, /search\.weights.*2 blocks.*got 3/],
    ["weights that count nothing", { search: { weights: [0, 0] } }, /one weight above 0/],
    ["epochs for another number of blocks", { distill: { epochs: [1] } }, /distill\.epochs.*2 blocks.*got 1/],
    [
      "learning rates for another number of blocks",
      { distill: { learningRate: [0.1, 0.1, 0.1] } },
      /distill\.learningRate.*2 blocks/,
    ],
    ["a limit on latency without a table", { search: { latencyMs: 3 } }, /search\.latencyTable/],
    ["a latency table that is not there", { search: { latencyTable: join(folder, "no.json") } }, /no\.json/],
    ["a latency table that is none", { search: { latencyTable: empty } }, /latency table/],
    ["a million random networks", { retrain: { random: 1_000_000 } }, /1000/],
    ["a million networks along the front", { retrain: { alongFront: 1_000_000 } }, /1000/],
    ["a million threads", { threads: 1_000_000 }, /1024/],
    ["a batch of a billion", { teacher: { batchSize: 1e9 } }, /65536/],
    ["epochs beyond a life", { retrain: { epochs: 1e9 } }, /100000/],
    ["a limit on MACs that no network meets", { search: { macs: 10 } }, /least attainable/],
    ["a share of the teacher's MACs that no network meets", { search: { macs: "1%" } }, /least attainable/],
    ["limits that no network meets at once", { search: { macs: "60k", params: 10 } }, /params/],
  ];

  test.each(mistakes)("%s", async (_, change, message) => {
    await expect(prepare(change)).rejects.toThrow(BlockwiseError);
    await expect(prepare(change)).rejects.toThrow(message);
  });

  test("an infeasible budget keeps its class", async () => {
    await expect(prepare({ search: { macs: 10 } })).rejects.toThrow(BudgetInfeasibleError);
  });

  test("limits relative to the teacher are of what it has", async () => {
    const cost = networkCost(parseArchitecture({ ...tinyArchitecture }));
    const { limits } = await prepare({ search: { macs: ["1%", "400%"], params: "300.5%", activationBytes: "500%" } });
    expect(limits).toEqual({
      macs: [Math.ceil(cost.macs / 100), 4 * cost.macs],
      params: Math.floor(3.005 * cost.params),
      activationBytes: 5 * cost.activationBytes,
    });
  });
});

describe("a teacher's file whose answers mean something else is told before anything is done", () => {
  const names = (count: number) => Array.from({ length: count }, (_, i) => `pattern ${i}`);
  const teachers: readonly (readonly [string, readonly string[], string, RegExp])[] = [
    ["other names", ["a", "b", "c", "d"], "synthetic", /in their order, got "a" for class 0, which is "pattern 0"/],
    ["another order", names(4).reverse(), "synthetic", /in their order, got "pattern 3" for class 0/],
    ["more classes", names(5), "synthetic", /must have the 4 classes of data set synthetic, got 5/],
    ["another data set", names(4), "birds", /must be of data set synthetic, got birds/],
  ];

  test.each(teachers)("%s", async (what, classes, dataset, message) => {
    const architecture = { ...tinyArchitecture, classes: classes.length };
    const network = new Network(architecture, new Rng(1));
    const history = { epochs: [], validationImages: 0, imagesPerSecond: 0 };
    const file = join(folder, `${what}.safetensors`);
    const preprocessing = { mean: [0.3], std: [0.3] };
    new Teacher(network, { architecture, preprocessing, classes, dataset, history }).save(file);
    network.dispose();
    const config = parseExperiment({ ...tinyExperiment, teacher: { file } });
    const directory = RunDirectory.open(join(folder, what), config);
    const refused: unknown = await runExperiment(config, directory).catch((error) => error);
    expect(refused).toBeInstanceOf(ConfigError);
    expect((refused as Error).message).toMatch(message);
    expect((refused as Error).message).toContain(file);
    expect(directory.records).toEqual([]);
    directory.close();
  });
});

describe("sizes have bounds, with a sentence", () => {
  const withInput = (side: number) => ({ ...tinyArchitecture, input: { height: side, width: side, channels: 1 } });

  test.each([
    ["a picture of 20000 x 20000", () => parseArchitecture(withInput(20_000)), /height must be at most 16384/],
    ["a feature map beyond memory", () => parseArchitecture(withInput(16_000)), /at most 268435456 values/],
    ["a repeat of 999999999", () => architectureFromTimm(parseTimm("ir_r999999999_k3_s1_e6_c24")), /at most 1000/],
    [
      "a width of 10 million",
      () => architectureFromTimm(parseTimm("ir_r1_k3_s1_e6_c10000000")),
      /outChannels must be at most 65536/,
    ],
    [
      "an expansion of a million",
      () => architectureFromTimm(parseTimm("ir_r1_k3_s1_e1000000_c24")),
      /expansion must be at most 256/,
    ],
    [
      "a kernel of 10001",
      () => architectureFromTimm(parseTimm("cn_r1_k10001_s1_c24")),
      /kernelSize must be at most 255/,
    ],
    ["a million threads", () => engine.use("native", { threads: 1_000_000 }), /from 1 to 1024/],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(BlockwiseError);
    expect(make).toThrow(message);
  });
});
