import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { DataError } from "../../src/core";
import { DISPLAY } from "../../src/display-protocol";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { parseArchitecture } from "../../src/space";
import { RunDirectory } from "../../src/study";
import { type ExperimentInput, parseExperiment, prepareExperiment, runExperiment } from "../../src/systems/dna";
import { plain, put, putClasses, temporaryPlaces } from "../data/picture-folders";
import { tinyExperiment } from "./tiny-experiment";

const { folder } = temporaryPlaces();
const birds = join(folder, "birds");

beforeAll(async () => {
  engine.use("auto", { threads: 1 });
  await putClasses(birds, { ".": { crow: 40, jay: 40, owl: 40, wren: 8 } });
  await put(join(birds, "owl", "broken.png"), "no picture");
});

async function run(
  name: string,
  data: ExperimentInput["data"],
  warnings: string[] = [],
  onNote: (text: string) => void = () => {},
) {
  const config = parseExperiment({ ...tinyExperiment, data });
  const directory = RunDirectory.open(join(folder, "runs", name), config);
  try {
    return await runExperiment(config, directory, { onWarning: (message) => warnings.push(message), onNote });
  } finally {
    directory.close();
  }
}

test("an experiment runs on a folder of one's own pictures, named as it is or by root, and says what it left out", async () => {
  const warnings: string[] = [];
  const front = await run("by-name", { name: birds, shape: [8, 8, 1] }, warnings);
  expect(front.measured.length).toBeGreaterThan(1);
  expect(warnings.join("\n")).toMatch(/birds: 1 of 129 pictures cannot be read and are left out: owl\/broken.png/);
  expect(warnings.join("\n")).toMatch(/no train\/: test and validation images are drawn from it/);
  const byRoot = await run("by-root", { name: "birds", root: birds, shape: { height: 8, width: 8, channels: 1 } });
  expect(byRoot.measured).toEqual(front.measured);
});

test("a complete run notices that pictures were replaced, under the same names, and does what depends on them again", async () => {
  const own = join(folder, "replaced");
  await putClasses(own, { train: { a: 40, b: 40, c: 40, d: 40 }, test: { a: 8, b: 8, c: 8, d: 8 } });
  const data: ExperimentInput["data"] = { name: own, validationCount: 48, shape: [8, 8, 1] };
  const notes: string[] = [];
  const again = () => run("replaced", data, [], (text) => notes.push(text));
  const front = await again();
  notes.length = 0;
  expect([await again(), notes]).toEqual([front, []]);
  const test = join(own, "test", "a", "0.png");
  await put(test, plain(251).png());
  await again();
  expect(notes).toContain("again: front (data changed)");
  expect(notes.join()).not.toMatch(/again: teacher/);
  notes.length = 0;
  for (let i = 0; i < 10; i++) await put(join(own, "train", "a", `${i}.png`), plain(250 - i).png());
  const other = await again();
  expect(notes).toContain("again: teacher (data changed)");
  notes.length = 0;
  expect([await again(), notes]).toEqual([other, []]);
});

test("what cannot be found, or is no shape, is told before anything is trained", async () => {
  await expect(run("no-root", { name: "birds", root: join(folder, "nowhere") })).rejects.toThrow(DataError);
  await expect(run("no-name", { name: join(folder, "nowhere") })).rejects.toThrow(
    /folder or zip file of pictures, got .*nowhere/,
  );
  await expect(run("strict", { name: birds, shape: [8, 8, 1], strict: true })).rejects.toThrow(
    /1 of 129 are not: owl\/broken.png/,
  );
  for (const shape of [0, [8], [8, 8, 2], { height: 8 }]) {
    expect(() => parseExperiment({ data: { name: birds, shape } })).toThrow(/data.shape|shape/);
  }
});

test("the default of validation images stands in the file for sets known by name, and follows from the pictures for others", () => {
  expect(parseExperiment({}).data).toEqual({ name: "fashion-mnist", validationCount: 5000 });
  expect(parseExperiment({ data: { name: birds } }).data).toEqual({ name: birds });
});

test("lab.data shows what was left out, and samples of the classes", async () => {
  const data = await lab.data(birds, { shape: [8, 8, 3] }, {});
  expect([data.name, data.classes]).toEqual(["birds", ["crow", "jay", "owl", "wren"]]);
  const { "text/plain": text } = await data[DISPLAY]();
  expect(text).toMatch(/1 of 129 pictures cannot be read and are left out: owl\/broken.png/);
  expect(data.dataset.shape).toEqual({ height: 8, width: 8, channels: 3 });
});

test("a preset is changed to one's own size and classes in the experiment's file; a mismatch says how", async () => {
  const config = (architecture: string | Record<string, unknown>) =>
    parseExperiment({
      ...tinyExperiment,
      data: { name: birds, shape: [8, 8, 1] },
      teacher: { architecture },
      space: { kernels: [3], expansions: [1], cellsPerBlock: 1 },
      search: { macsOfTeacher: 1 },
    });
  const open = (name: string, given: ReturnType<typeof config>) => RunDirectory.open(join(folder, "runs", name), given);
  const mismatch = config("efficientnet-tiny@28px");
  const directory = open("mismatch", mismatch);
  const error: Error = await runExperiment(mismatch, directory, { onWarning: () => {} }).catch((error) => error);
  directory.close();
  const written = /"architecture": (\{.*\})\)$/.exec(error.message)?.[1];
  expect(JSON.parse(written!)).toEqual({
    preset: "efficientnet-tiny@28px",
    input: { height: 8, width: 8, channels: 1 },
    classes: 4,
  });
  const { architecture } = await prepareExperiment(config(JSON.parse(written!)));
  expect([architecture.input, architecture.classes]).toEqual([{ height: 8, width: 8, channels: 1 }, 4]);
  expect(() => parseArchitecture({ preset: "resnet18", clases: 4 })).toThrow(/clases/);
  expect(() => parseArchitecture({ preset: "resnet19" })).toThrow(/unknown preset "resnet19"/);
});
