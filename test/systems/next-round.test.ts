import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ConfigError } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { loadFound, loadTeacher } from "../../src/retrain";
import { RunDirectory } from "../../src/study";
import { type ExperimentInput, parseExperiment, runExperiment } from "../../src/systems/dna";
import { tinyExperiment } from "./tiny-experiment";

const folder = mkdtempSync(join(tmpdir(), "next-round-"));

async function run(name: string, experiment: ExperimentInput) {
  const config = parseExperiment(experiment);
  const directory = RunDirectory.open(join(folder, name), config);
  try {
    return { front: await runExperiment(config, directory), directory };
  } finally {
    directory.close();
  }
}

test("a found network teaches the next round (DNA+), in an experiment and in a cell", async () => {
  engine.use("auto", { threads: 1 });
  const first = await run("first", {
    ...tinyExperiment,
    retrain: { ...tinyExperiment.retrain, epochs: 1, alongFront: 1, random: 0 },
  });
  const file = first.directory.file("found", "found-1.json");
  const { record, network } = loadFound(file);
  network.dispose();
  const second = await run("second", {
    ...tinyExperiment,
    teacher: { file },
    split: 2,
    space: { kernels: [3], expansions: [2], cellsPerBlock: 1 },
    distill: { ...tinyExperiment.distill, epochs: 1 },
    search: { macs: "1M" },
    retrain: { ...tinyExperiment.retrain, epochs: 1, alongFront: 1, random: 0 },
  });
  const [teacher] = second.front.measured;
  const student = first.front.measured.find(({ label }) => label === "found 1")!;
  expect(teacher).toMatchObject({ macs: student.macs, accuracy: student.accuracy });
  expect(second.directory.result("teacher")).toMatchObject({ file, architecture: record.architecture.name });

  const data = await lab.data("synthetic", { seed: 4, trainCount: 256, validationCount: 64, testCount: 64 });
  const inCell = await lab.teacher(file, { data });
  expect(await inCell.testAccuracy()).toBe(student.accuracy);
  expect(inCell.split(2)).toHaveLength(2);
  expect(String((await inCell[DISPLAY]())["text/plain"])).toMatch(/validation accuracy[\s\S]*figure: Teacher/);
  await expect(loadTeacher(file, { ...data.dataset, name: "another" })).rejects.toThrow(ConfigError);
  inCell.teacher.dispose();
});
