import fs, { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { thisProcess, writeJson } from "../../src/core";
import { planSteps, RunDirectory } from "../../src/study";

/** What changes files, in the order in which a kill may come between any two of them. */
const OPERATIONS = [
  "openSync",
  "writeSync",
  "writeFileSync",
  "fsyncSync",
  "ftruncateSync",
  "renameSync",
  "linkSync",
  "mkdirSync",
  "rmSync",
  "rmdirSync",
] as const;

class Killed extends Error {}

const originals = Object.fromEntries(OPERATIONS.map((name) => [name, fs[name]]));

function restore(): void {
  Object.assign(fs, originals);
  syncBuiltinESMExports();
}

afterEach(restore);

/** Lets so many operations of files happen, and then none any more, whatever is tried: as a kill does. The last write is torn. */
function dieAfter(operations: number): { readonly done: () => number } {
  let count = 0;
  for (const name of OPERATIONS) {
    const original = fs[name] as (...args: unknown[]) => unknown;
    const wrapped = (...args: unknown[]) => {
      if (count++ < operations) return original(...args);
      if (count === operations + 1 && name === "writeSync" && typeof args[3] === "number") {
        original(args[0], args[1], args[2], args[3] >> 1, args[4]);
      }
      throw new Killed(name);
    };
    Object.assign(fs, { [name]: wrapped });
  }
  syncBuiltinESMExports();
  return { done: () => count };
}

/** A killed process's lock is that of a process that is no more. */
function bury(path: string): void {
  const lock = join(path, "lock.json");
  if (existsSync(lock)) writeFileSync(lock, JSON.stringify({ ...thisProcess(), startTime: "1" }));
}

const config = (seed: number, weight = 1) => ({ seed, weight });

/** A run as the experiments' are: steps with files, of which each reads some of the configuration. */
async function run(path: string, { seed, weight }: { seed: number; weight: number }): Promise<void> {
  const plan = planSteps([
    { name: "teacher", family: "teacher", reads: { seed }, files: () => ["teacher.safetensors"] },
    { name: "rate/block0", family: "ratings", reads: {}, after: ["teacher"], files: () => ["ratings/block0.json"] },
    {
      name: "search",
      family: "search",
      reads: { weight },
      after: ["rate/block0"],
      files: () => ["ratings/table.json"],
    },
    { name: "front", family: "front", reads: {}, after: ["search"], files: () => ["front.json"] },
  ]);
  const directory = RunDirectory.open(path, config(seed, weight), { mayChange: true });
  directory.adopt(plan, directory.compare(plan));
  const write = (name: string, value: object) => () => {
    writeJson(directory.file(name), value);
    return { value };
  };
  await directory.step("teacher", write("teacher.safetensors", { seed }));
  await directory.step("rate/block0", write("ratings/block0.json", { rated: seed }));
  await directory.step("search", write("ratings/table.json", { table: seed * weight }));
  await directory.step("front", write("front.json", { best: seed * weight }));
  directory.close();
}

/** Every file by its place; those that say when or where something was done by their names alone. */
function filesOf(path: string): Record<string, string> {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(
    files
      .map(({ parentPath, name }) => relative(path, join(parentPath, name)))
      .sort()
      .map((file) => [file, /^(journal|environment)/.test(file) ? "" : readFileSync(join(path, file), "utf8")]),
  );
}

async function whole(settings: { seed: number; weight: number }): Promise<Record<string, string>> {
  const path = join(mkdtempSync(join(tmpdir(), "killed-")), "run");
  await run(path, settings);
  return filesOf(path);
}

/** Kills a run at every operation, one after another, and starts the same command again after each. */
async function killEverywhere(prepare: (path: string) => Promise<void>, settings: { seed: number; weight: number }) {
  const expected = await whole(settings);
  let points = 0;
  for (let operations = 0; ; operations++) {
    const path = join(mkdtempSync(join(tmpdir(), "killed-")), "run");
    await prepare(path);
    const life = dieAfter(operations);
    const died = await run(path, settings).then(
      () => false,
      () => life.done() > operations,
    );
    restore();
    if (!died) break;
    points++;
    bury(path);
    await run(path, settings);
    expect(filesOf(path), `killed after ${operations} operations`).toEqual(expected);
  }
  return points;
}

describe("a run that is killed at any operation of files", () => {
  test("resumes by the same command from the first moment on, ends with the same files and leaves no others", async () => {
    expect(await killEverywhere(async () => {}, config(1))).toBeGreaterThan(60);
  });

  test("while it takes a changed configuration over, it never ends with something of the one before", async () => {
    const before = (path: string) => run(path, config(1));
    expect(await killEverywhere(before, config(2, 3))).toBeGreaterThan(20);
  });
});
