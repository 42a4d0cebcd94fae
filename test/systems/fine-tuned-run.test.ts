import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { frontSentences } from "../../src/cli/report/front-words";
import { readRun } from "../../src/cli/report/recorded-run";
import { runSections } from "../../src/cli/report/run-sections";
import { Rng } from "../../src/core";
import { syntheticDataset } from "../../src/data";
import { engine } from "../../src/engine";
import { Network } from "../../src/nn";
import { compare, loadFound, saveLayersModel, toLayersModel } from "../../src/retrain";
import { RunDirectory } from "../../src/study";
import { type ExperimentInput, parseExperiment, prepareExperiment, runExperiment } from "../../src/systems/dna";
import { Teacher, trainTeacher } from "../../src/teacher";
import { tinyArchitecture } from "../teacher/tiny";
import { tinyExperiment } from "./tiny-experiment";

const root = join(__dirname, "../..");
const runs = mkdtempSync(join(tmpdir(), "fine-tuned-"));
const file = join(runs, "three-classes.safetensors");
const { architecture: _, ...training } = tinyExperiment.teacher!;
const experiment: ExperimentInput = {
  ...tinyExperiment,
  teacher: { ...training, file, fineTune: { epochs: 3, headEpochs: 1, batchSize: 32 } },
  distill: { ...tinyExperiment.distill, epochs: 1 },
  retrain: { ...tinyExperiment.retrain, epochs: 1, alongFront: 1, random: 0 },
};
const path = join(runs, "tuned.json");

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  writeFileSync(path, JSON.stringify(experiment));
  // Smaller images of other classes.
  const other = syntheticDataset({ seed: 8, classes: 3, count: 64, shape: { height: 6, width: 6, channels: 1 } });
  const architecture = { ...tinyArchitecture, input: other.shape, classes: 3 };
  const teacher = await trainTeacher(architecture, { ...other, name: "other" }, { seed: 1, epochs: 1, batchSize: 16 });
  teacher.save(file);
  teacher.dispose();
});
afterAll(() => rmSync(runs, { recursive: true }));

async function inProcess(name: string, given: ExperimentInput) {
  const config = parseExperiment({ ...given, name });
  const directory = RunDirectory.open(join(runs, name), config);
  try {
    return await runExperiment(config, directory);
  } finally {
    directory.close();
  }
}

/** Runs `blockwise run`, killed just when a file of the run was written. */
function killedRun(name: string, when: string): Promise<NodeJS.Signals | null> {
  const preload = ["--require", join(__dirname, "stop-at.cjs"), "--import", "tsx"];
  const args = [...preload, join(root, "src/cli/main.ts"), "run", path, "--runs-dir", runs, "--name", name];
  const env = { ...process.env, STOP_AT: join(name, when), STOP_BY: "SIGKILL" };
  const child = spawn(process.execPath, args, { cwd: root, env, stdio: "ignore" });
  return new Promise((resolve) => child.on("close", (_code, signal) => resolve(signal)));
}

describe("a teacher of other classes, fine-tuned in an experiment", () => {
  test("is taught the data's classes, then split; killed while it learns, the run ends with the same bytes", async () => {
    const front = await inProcess("whole", experiment);
    expect(front.measured[0].accuracy).toBeGreaterThan(0.4);
    const teacher = Teacher.load(join(runs, "whole", "teacher.safetensors"));
    expect([teacher.dataset, teacher.classes.length, teacher.architecture.input.height]).toEqual(["synthetic", 4, 8]);
    expect(teacher.remarks.at(-1)).toMatch(/Fine-tuned from tiny of other \(3 classes\): a new classifier/);
    teacher.dispose();
    expect(await killedRun("killed", "checkpoints/teacher.safetensors")).toBe("SIGKILL");
    expect(existsSync(join(runs, "killed", "teacher.safetensors"))).toBe(false);
    await inProcess("killed", experiment);
    for (const each of ["ratings/block0.json", "ratings/block1.json", "ratings/table.json"]) {
      expect(readFileSync(join(runs, "killed", each), "utf8")).toBe(readFileSync(join(runs, "whole", each), "utf8"));
    }
    const [whole, killed] = ["whole", "killed"].map((name) => Teacher.load(join(runs, name, "teacher.safetensors")));
    expect(killed.fingerprint()).toBe(whole.fingerprint());
    for (const of of [whole, killed]) of.dispose();
  });

  test("is refused without fineTune before anything is trained, with what to write", async () => {
    const { fineTune: _tuning, ...plain } = experiment.teacher!;
    await expect(inProcess("plain", { ...experiment, teacher: plain })).rejects.toThrow(
      /must be of data set synthetic, got other; .*"fineTune": \{\}/,
    );
    expect(existsSync(join(runs, "plain", "teacher.safetensors"))).toBe(false);
  });

  test.each([
    [{ fineTune: {} }, /is of a teacher that is there: give "file"/],
    [{ file, fineTune: { epoch: 3 } }, /epoch/],
    [{ file, fineTune: { patience: 0 } }, /patience/],
    [{ file, cuts: ["a"] }, /cuts is for models of TensorFlow\.js/],
    [{ file, arch: "resnet18" }, /arch is for weights of torchvision or timm/],
    [{ file: "torchvision/resnet19" }, /perhaps torchvision\/resnet18/],
  ])("teacher %j is refused", async (teacher, message) => {
    const wrong = async () => prepareExperiment(parseExperiment({ ...tinyExperiment, teacher }));
    await expect(wrong()).rejects.toThrow(message);
  });
});

test("a teacher of other classes gives its feature maps alone: students have the data's, and the front has no teacher", async () => {
  const network = new Network({ ...tinyArchitecture, classes: 3 }, new Rng(3));
  const { architecture } = network;
  const history = { epochs: [], validationImages: 0, imagesPerSecond: 0 };
  const record = {
    architecture,
    preprocessing: { mean: [0.4], std: [0.2] },
    classes: ["x", "y", "z"],
    dataset: "other",
  };
  const others = join(runs, "others.safetensors");
  new Teacher(network, { ...record, history }).save(others);
  network.dispose();
  const retrain = { ...experiment.retrain, random: 1 };
  const given = { ...experiment, teacher: { file: others, featuresOnly: true }, retrain };
  const front = await inProcess("features", given);
  expect(front.measured.map(({ kind }) => kind)).toEqual(["found", "random"]);
  const compared = compare(front);
  expect(compared).not.toHaveProperty("teacher");
  expect(frontSentences(front)[0]).toMatch(/MACs and [\d.]+ % test accuracy\. The teacher gave its feature maps alone/);
  for (const { file: of } of front.measured) {
    const { record } = loadFound(join(runs, "features", of));
    expect(record.classes).toHaveLength(4);
  }
  expect(await inProcess("features", given)).toEqual(front);
  expect(JSON.stringify(runSections(readRun(join(runs, "features"), "report")).map(({ words }) => words))).toMatch(
    /for its feature maps alone/,
  );
  for (const [wrong, message] of [
    [{ teacher: { file: others, featuresOnly: true, fineTune: {} } }, /fineTune teaches it the data: leave one out/],
    [{ teacher: { featuresOnly: true } }, /is of a teacher that is there: give "file"/],
    [
      { ...given, retrain: { ...retrain, distillation: { weight: 0.5, temperature: 4 } } },
      /learns from the teacher's answers.*retrain\.distillation/s,
    ],
  ] as const) {
    expect(() => parseExperiment(wrong)).toThrow(message);
  }
});

test("a model of TensorFlow.js teaches an experiment, cut at the layers that it names", async () => {
  const network = new Network(tinyArchitecture, new Rng(2));
  const model = toLayersModel(network);
  const { classes, preprocessing } = syntheticDataset();
  await saveLayersModel(join(runs, "model"), model, { classes, preprocessing });
  for (const of of [model, network]) of.dispose();
  const cuts = ["trunk_2_add", "trunk_3_project_norm"];
  const given = { ...experiment, teacher: { file: join(runs, "model", "model.json"), cuts }, split: 2 };
  const front = await inProcess("of-model", given);
  expect(front.measured.map(({ label }) => label)).toEqual(["teacher", "found 1"]);
  const teacher = Teacher.load(join(runs, "of-model", "teacher.safetensors"));
  expect(teacher.split(2).map(({ output }) => output.channels)).toEqual([6, 8]);
  expect(front.measured[0].macs).toBe(teacher.cost.macs);
  teacher.dispose();
});
