import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { acquireLock, BlockwiseError, isAlive, readJson, StudyError, thisProcess } from "../../src/core";
import { differences, RunDirectory } from "../../src/study";

const fresh = () => join(mkdtempSync(join(tmpdir(), "run-")), "run");
const config = { seed: 1, distill: { epochs: 5 } };

describe("run directory", () => {
  test("a step is done once: resuming finds its result in the journal", async () => {
    const path = fresh();
    const first = RunDirectory.open(path, config);
    expect(await first.step("a", () => ({ n: 1 }))).toEqual({ n: 1 });
    await expect(first.step("b", () => Promise.reject(new Error("stopped")))).rejects.toThrow("stopped");
    first.close();
    const second = RunDirectory.open(path, { distill: { epochs: 5 }, seed: 1 });
    expect(await second.step("a", () => ({ n: 2 }))).toEqual({ n: 1 });
    expect(await second.step("b", () => "done")).toBe("done");
    second.close();
    expect(readdirSync(path).sort()).toEqual(
      [
        "checkpoints",
        "config.json",
        "environment.json",
        "features",
        "figures",
        "found",
        "journal.jsonl",
        "ratings",
        "run.json",
      ].sort(),
    );
    expect(readJson(join(path, "config.json"))).toEqual(config);
  });

  test("resuming with another configuration is refused, and the difference is named", async () => {
    const path = fresh();
    const first = RunDirectory.open(path, config);
    await first.step("a", () => 1);
    first.close();
    expect(() => RunDirectory.open(path, { seed: 1, distill: { epochs: 6 } })).toThrow(/distill\.epochs: 5, now 6/);
    // The refusal gives the lock back.
    RunDirectory.open(path, config).close();
  });

  test("force starts anew", async () => {
    const path = fresh();
    const first = RunDirectory.open(path, config);
    await first.step("a", () => 1);
    writeFileSync(first.file("ratings", "block0.json"), "{}");
    first.close();
    const second = RunDirectory.open(path, { seed: 2 }, { force: true });
    expect(await second.step("a", () => 2)).toBe(2);
    expect(existsSync(second.file("ratings", "block0.json"))).toBe(false);
    second.close();
  });

  test("force deletes what a run made, and leaves everything else where it is", async () => {
    const path = fresh();
    const first = RunDirectory.open(path, config);
    await first.step("a", () => 1);
    const mine = [
      "notes.txt",
      "found/thesis.json",
      "checkpoints/readme.md",
      "src/main.ts",
      "checkpoints/mine.safetensors",
      "checkpoints/teacher-best.safetensors",
      "checkpoints/epoch3/mine.safetensors",
      "checkpoints/retrain-notes.safetensors.damaged",
      "figures/poster.svg",
      "figures/predicted-front-mine.svg",
      "found/found-1-notes.json",
      "found/found-best.json",
      "found/c1.json",
      "found/c1 notes.json",
      "found/random-1.old.json",
      "found/c0.1-epochs.safetensors",
      "ratings/block0-mine.json",
      "features/features-mine.0.bin",
    ];
    const its = [
      "found/found-1.json",
      "front.json",
      "found/random-12.safetensors",
      "found/c0.1_c1.0-2.json",
      "found/c0.1_c1.0-2-epochs3-seed-4.safetensors",
      "checkpoints/teacher.safetensors",
      "checkpoints/block0-cell1.safetensors",
      "checkpoints/epoch3/block0-cell1.safetensors",
      "checkpoints/retrain-0123456789abcdef.safetensors.damaged",
      "figures/predicted-front.svg",
      "figures/accuracy-against-cost-on-birds.svg",
      "ratings/table.json",
      "features/features-0123456789abcdef.0.bin",
    ];
    mkdirSync(join(path, "src"));
    mkdirSync(join(path, "checkpoints", "epoch3"));
    for (const file of [...mine, ...its]) writeFileSync(join(path, file), "x");
    first.close();
    RunDirectory.open(path, { seed: 2 }, { force: true }).close();
    for (const file of mine) expect(existsSync(join(path, file)), file).toBe(true);
    for (const file of its) expect(existsSync(join(path, file)), file).toBe(false);
  });

  test("a source tree is none of a run, whatever files it has, and is never offered to --force", () => {
    const path = mkdtempSync(join(tmpdir(), "tree-"));
    const files = ["config.json", "run.json", "environment.json", "journal.jsonl", "index.js"];
    for (const file of files) writeFileSync(join(path, file), file.endsWith("l") ? "" : "{}");
    for (const options of [{}, { force: true }, { mayChange: true }]) {
      expect(() => RunDirectory.open(path, config, options)).toThrow(StudyError);
      expect(() => RunDirectory.open(path, config, options)).not.toThrow(/--force/);
    }
    expect(readdirSync(path).sort()).toEqual(files.sort());
  });

  test("a start in which nothing was done leaves nothing behind", () => {
    const path = fresh();
    RunDirectory.open(path, config).close();
    expect(existsSync(path)).toBe(false);
  });

  test("a directory that was deleted or replaced while its run is at work is noticed, at each step", async () => {
    const path = fresh();
    const first = RunDirectory.open(path, config);
    await first.step("a", () => 1);
    rmSync(path, { recursive: true });
    await expect(first.step("b", () => 2)).rejects.toThrow(/deleted|removed/);
    const other = RunDirectory.open(path, { seed: 2 });
    await expect(first.step("b", () => 2)).rejects.toThrow(StudyError);
    expect(other.records).toEqual([]);
    other.close();
    expect(() => first.close()).not.toThrow();
  });

  test("a path that is a file, or below one, is a sentence", () => {
    const file = join(mkdtempSync(join(tmpdir(), "file-")), "file");
    writeFileSync(file, "");
    for (const path of [file, join(file, "run"), "/dev/null/run"]) {
      expect(() => RunDirectory.open(path, config)).toThrow(BlockwiseError);
    }
  });

  test("a folder with other files is left alone, also with force", () => {
    const path = mkdtempSync(join(tmpdir(), "other-"));
    writeFileSync(join(path, "thesis.txt"), "precious");
    expect(() => RunDirectory.open(path, config, { force: true })).toThrow(StudyError);
    expect(readdirSync(path)).toEqual(["thesis.txt"]);
  });

  test("a directory that a living process writes is refused, also within one process", () => {
    const path = fresh();
    const first = RunDirectory.open(path, config);
    expect(() => RunDirectory.open(path, config)).toThrow(new RegExp(`process ${process.pid} on`));
    expect(() => RunDirectory.open(path, config, { force: true })).toThrow(StudyError);
    first.close();
    RunDirectory.open(path, config).close();
  });
});

describe("lock", () => {
  const lockFile = () => join(mkdtempSync(join(tmpdir(), "lock-")), "lock.json");

  test("another process's lock holds while it lives and is taken over when it was killed", async () => {
    const path = lockFile();
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const { pid } = child;
    const stat = spawnSync("cat", [`/proc/${pid}/stat`], { encoding: "utf8" }).stdout;
    const startTime = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    writeFileSync(path, JSON.stringify({ pid, startTime, host: hostname() }));
    expect(() => acquireLock(path)).toThrow(new RegExp(`process ${pid} on`));
    const ended = new Promise((resolve) => child.on("exit", resolve));
    child.kill("SIGKILL");
    await ended;
    const lock = acquireLock(path);
    expect(readJson(path)).toEqual(thisProcess());
    lock.release();
    expect(existsSync(path)).toBe(false);
  });

  test("a process number that was given away again is not the owner", () => {
    const path = lockFile();
    writeFileSync(path, JSON.stringify({ ...thisProcess(), startTime: "1" }));
    acquireLock(path).release();
  });

  test("an unreadable lock is nobody's", () => {
    const path = lockFile();
    writeFileSync(path, '{"pid":');
    acquireLock(path).release();
    expect(readdirSync(join(path, ".."))).toEqual([]);
  });

  test("a process of another machine is taken to live", () => {
    expect(isAlive({ pid: 1, host: "elsewhere" })).toBe(true);
  });
});

test("differences name the place, whatever the order of keys", () => {
  expect(differences({ a: 1, b: [1, 2] }, { b: [1, 3], a: 1, c: null })).toEqual([
    "b[1]: 2, now 3",
    "c: nothing, now null",
  ]);
  expect(differences({ a: { b: 1 } }, { a: { b: 1 } })).toEqual([]);
});
