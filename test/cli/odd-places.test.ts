import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Command } from "commander";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createProgram } from "../../src/cli/main";
import { checkOutput, checkOutputFolder } from "../../src/cli/output-file";
import { BlockwiseError, writeAtomic } from "../../src/core";
import { engine } from "../../src/engine";
import { EXPORT_FORMATS, exportNetwork } from "../../src/export";
import { teacherOf } from "../export/forms";
import { blockwise } from "./blockwise";

/** Places where a file cannot be, each with an ending: every option that names a file to write must end with a sentence. */
const folder = mkdtempSync(join(tmpdir(), "blockwise-odd-"));
afterAll(() => rmSync(folder, { recursive: true }));
const place = (name: string) => join(folder, name);
mkdirSync(place("folder"));
writeFileSync(place("file"), "kept");
symlinkSync(place("loop"), place("loop"));
spawnSync("mkfifo", [place("pipe")]);
const ODD = {
  "below /proc": (ending: string) => `/proc/blockwise/net${ending}`,
  "in /proc": (ending: string) => `/proc/net${ending}`,
  "below /sys": (ending: string) => `/sys/blockwise/deep/net${ending}`,
  "below a device": (ending: string) => `/dev/null/net${ending}`,
  "below a file": (ending: string) => place(`file/net${ending}`),
  "a folder": () => place("folder"),
  "no name": () => `${place("folder")}/`,
  "a name that is too long": (ending: string) => place(`${"x".repeat(300)}${ending}`),
  "a link to itself": () => place("loop"),
  "below a link to itself": (ending: string) => place(`loop/net${ending}`),
  "a pipe": () => place("pipe"),
};
const places = Object.entries(ODD);
/** What `--out "$FILE"` gives where the variable is not set. */
const EMPTY = ["", "./", "."];

const notebook = place("a.ipynb");
const teacher = place("teacher.safetensors");
const truth = join(__dirname, "../../notebooks/00_quickstart.ipynb");
beforeAll(async () => {
  writeFileSync(notebook, readFileSync(truth));
  writeFileSync(place("a.mts"), "// %%\n1;\n");
  engine.use("auto", { threads: 1 });
  const made = teacherOf("mobilenet_v3");
  await exportNetwork(made, "safetensors", teacher);
  made.dispose();
});

/** Commands that write where an option says, right but for that place; by the words and the option. */
const WRITING: Record<string, { readonly args: readonly string[]; readonly ending: string }> = {
  "latency --out": { args: ["latency", "efficientnet-tiny@28px", "--rounds", "1"], ending: ".json" },
  "latency --template": { args: ["latency", "efficientnet-tiny@28px"], ending: ".csv" },
  "cost --html": { args: ["cost", "darts-v2"], ending: ".html" },
  "notebook html --output": { args: ["notebook", "html", notebook], ending: ".html" },
  "notebook run --output": { args: ["notebook", "run", notebook], ending: ".ipynb" },
  "notebook run --html": { args: ["notebook", "run", notebook], ending: ".html" },
  "notebook check --output": { args: ["notebook", "check", notebook], ending: ".ipynb" },
  "notebook export --output": { args: ["notebook", "export", notebook, "--to", "ts"], ending: ".mts" },
  "notebook import --output": { args: ["notebook", "import", place("a.mts")], ending: ".ipynb" },
  "compare --csv": { args: ["compare", place("folder"), place("folder")], ending: ".csv" },
  "compare --html": { args: ["compare", place("folder"), place("folder")], ending: ".html" },
};
/** By their formats, below. */
const ELSEWHERE = ["export --out"];

function writingOptions(command: Command, words: readonly string[] = []): string[] {
  const own = command.options.filter(({ long }) => long && /^--(out|output|html|csv|template)$/.test(long));
  return [
    ...own.map(({ long }) => `${words.join(" ")} ${long}`),
    ...command.commands.flatMap((sub) => writingOptions(sub, [...words, sub.name()])),
  ];
}

async function refuses(args: readonly string[]): Promise<void> {
  const { code, err } = await blockwise(...args);
  const said = `blockwise ${args.join(" ")}\n-> exit ${code}\n${err}`;
  expect(code, said).toBeGreaterThan(0);
  expect(err, said).toMatch(/^blockwise: \S.*\n?$/m);
  expect(err, said).not.toMatch(/\n\s+at \S|TypeError|\bundefined\b/);
  expect(readFileSync(place("file"), "utf8")).toBe("kept");
}

test("every option that names a file to write is tried here", () => {
  const known = [...Object.keys(WRITING), ...ELSEWHERE];
  expect(writingOptions(createProgram()).filter((option) => !known.includes(option))).toEqual([]);
});

describe.each(Object.entries(WRITING))("%s", (option, { args, ending }) => {
  test.each(places)("%s ends with a sentence", (_, path) =>
    refuses([...args, `${option.split(" ").at(-1)}=${path(ending)}`]),
  );
  test.each(EMPTY)("%j, no file's name, is refused before anything is done", async (none) => {
    const { code, out, err } = await blockwise(...args, option.split(" ").at(-1)!, none);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^blockwise: .*must name a file that can be written, got "[./]*", which has no file name/);
  });
});

describe.each(EXPORT_FORMATS)("export --to %s --out", (format) => {
  const ending = { onnx: ".onnx", pytorch: ".py", card: ".html" }[format as string] ?? ".safetensors";
  // For layers-model a folder is right.
  const wrong = places.filter(([name]) => format !== "layers-model" || !["a folder", "no name"].includes(name));
  test.each(wrong)("%s ends with a sentence", (_, path) =>
    refuses(["export", teacher, "--to", format, "--out", path(format === "layers-model" ? "" : ending)]),
  );
});

test.each(EXPORT_FORMATS)("export --to %s --out '' is refused", async (format) => {
  const { code, err } = await blockwise("export", teacher, "--to", format, "--out", "");
  expect([code, err]).toEqual([2, expect.stringMatching(/^blockwise: export --out: must name a f\w+.*got ""/)]);
});

test("latency --browser --out '' is refused: the tables would lie in the working folder", async () => {
  const { code, err } = await blockwise("latency", "efficientnet-tiny@28px", "--browser=node-ort", "--out", "");
  expect([code, err]).toEqual([2, expect.stringMatching(/^blockwise: latency --out: must name a file.*got ""/)]);
});

test.each(EXPORT_FORMATS)("a path with a null byte is refused by name: %s", async (format) => {
  const made = teacherOf("mobilenet_v3");
  const ending = { onnx: ".onnx", pytorch: ".py", card: ".html", page: ".html", "layers-model": "" };
  const path = place(`x\0y${(ending as Record<string, string>)[format] ?? ".safetensors"}`);
  const said = await exportNetwork(made, format, path).catch((error: Error) => error);
  made.dispose();
  expect(said).toBeInstanceOf(BlockwiseError);
  expect((said as Error).message).toMatch(/^write: ".*x\\u0000y.*" must be written, and no path has a null byte in it/);
});

describe("a place that is tried", () => {
  test("keeps no trace: neither a file nor the folders made for it", () => {
    checkOutput("--out", place("new/deep/net.json"));
    checkOutputFolder("--out", place("model/deep"));
    expect([existsSync(place("new")), existsSync(place("model"))]).toEqual([false, false]);
  });

  test("is a device that is written into, and stays one", () => {
    checkOutput("--out", "/dev/null");
    writeAtomic("/dev/null", "x");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
    expect(() => writeAtomic("/dev/full", "x")).toThrow(/the disk is full \(ENOSPC\)/);
    expect(() => writeAtomic(place("pipe"), "x")).toThrow(/must be written, and .*choose another path/);
  });
});
