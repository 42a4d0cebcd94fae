import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError, InterruptedError, TrainingError } from "../../src/core";
import { engine } from "../../src/engine";
import {
  ProgressFile,
  planSteps,
  RunDirectory,
  readProgress,
  readRunState,
  runsAt,
  tellingProgress,
} from "../../src/study";

const folder = mkdtempSync(join(tmpdir(), "run-state-"));
beforeAll(() => void engine.use("auto", { threads: 1 }));
afterAll(() => rmSync(folder, { recursive: true }));

const PLAN = planSteps(["teacher", "search", "front"].map((name) => ({ name, family: name, reads: {} })));
const event = (task: string, done: number, total: number, metrics = {}) => ({
  task,
  done,
  total,
  unit: "batches",
  metrics,
  elapsedMs: 10,
  remainingMs: 60_000,
});

function open(name: string): RunDirectory {
  const run = RunDirectory.open(join(folder, name), { seed: 1 });
  run.follow(PLAN);
  return run;
}

const state = (name: string) => readRunState(join(folder, name), "status").state;

describe("the state of a run", () => {
  test("at work: step, task and who holds it; then done", async () => {
    const run = open("work");
    await tellingProgress(run, {}, async ({ onProgress }, file) => {
      file.plan(PLAN);
      await run.step("teacher", () => 1);
      onProgress?.(event("search", 2, 8));
      expect(state("work")).toMatchObject({
        state: "running",
        step: "search",
        done: 1,
        total: 3,
        task: { task: "search", done: 2, total: 8 },
        holder: { pid: process.pid, host: hostname(), isAlive: true },
        resumable: false,
        damage: [],
      });
      expect(state("work").remainingMs).toBeLessThanOrEqual(60_000);
      await run.step("search", () => 1);
      await run.step("front", () => 1);
    });
    run.close();
    const after = state("work");
    expect(after).toMatchObject({ state: "done", done: 3, total: 3, resumable: false });
    expect(after).not.toHaveProperty("task");
    expect(after).not.toHaveProperty("holder");
  });

  test.each([
    ["stopped", new InterruptedError("teacher: stopped at 3 of 8 batches"), "teacher: stopped at 3 of 8 batches"],
    ["failed", new TrainingError("the loss must be finite, got NaN"), "the loss must be finite, got NaN"],
  ] as const)("%s: with what was said, and it can go on", async (name, error, message) => {
    const run = open(name);
    const work = tellingProgress(run, {}, async (_, file) => {
      file.plan(PLAN);
      await run.step("teacher", () => 1);
      throw error;
    });
    await expect(work).rejects.toBe(error);
    run.close();
    expect(state(name)).toMatchObject({ state: name, step: "search", done: 1, total: 3, message, resumable: true });
  });

  test("killed: its lock names a process that ended", async () => {
    const run = open("killed");
    new ProgressFile(run).plan(PLAN);
    await run.step("teacher", () => 1);
    const lock = readFileSync(run.file("lock.json"), "utf8");
    run.close();
    // As a kill leaves it: of a process of the same number that began at another time.
    writeFileSync(run.file("lock.json"), JSON.stringify({ ...JSON.parse(lock), startTime: "1" }));
    expect(state("killed")).toMatchObject({ state: "killed", resumable: true, holder: { isAlive: false } });
    writeFileSync(run.file("lock.json"), JSON.stringify({ ...JSON.parse(lock), host: "elsewhere" }));
    expect(state("killed")).toMatchObject({ state: "held", resumable: false, holder: { host: "elsewhere" } });
  });

  test("of an older version, or damaged: what is there is told, the rest is not made up", async () => {
    const run = open("older");
    await run.step("teacher", () => 1);
    await run.step("search", () => 1);
    run.close();
    expect(state("older")).toMatchObject({ state: "killed", done: 2, resumable: true });
    expect(state("older")).not.toHaveProperty("total");
    const journal = readFileSync(run.file("journal.jsonl"), "utf8");
    writeFileSync(run.file("journal.jsonl"), journal.replace('"result":1', '"result":2'));
    writeFileSync(run.file("progress.json"), "{");
    expect(state("older").damage).toEqual([
      expect.stringMatching(/^line 1 of journal.jsonl has other content .*: its step is done again/),
      expect.stringMatching(/^progress.json says nothing/),
    ]);
    expect(state("older").done).toBe(1);
  });

  test("what is no run is refused; a folder of runs names those in it, and those of its sweeps", () => {
    mkdirSync(join(folder, "sweep"));
    RunDirectory.open(join(folder, "sweep", "seed1"), {}).checkInPlace();
    mkdirSync(join(folder, "nothing"));
    expect(() => readRunState(join(folder, "nothing"), "status")).toThrow(ConfigError);
    expect(() => runsAt([join(folder, "none")], "status")).toThrow(/must be a run's directory, .* is not there/);
    expect(runsAt([folder], "status").map((path) => path.slice(folder.length + 1))).toEqual(
      expect.arrayContaining(["failed", "killed", "older", "stopped", "sweep/seed1", "work"]),
    );
  });
});

describe("what a run tells of its progress", () => {
  test("tasks side by side each with their losses, thinned out; what is not finite is null", () => {
    const run = open("told");
    const file = new ProgressFile(run);
    for (let i = 1; i <= 1000; i++) {
      const within = { task: "block 1, cell 2", done: i, total: 1000, unit: "batches", metrics: { loss: 1 / i } };
      file.report({ ...event("distill 2 blocks", i, 2000, { loss: i === 999 ? Number.NaN : 1 / i }), within });
    }
    file.ended();
    const { tasks, end } = readProgress(run.path)!;
    run.close();
    expect(end).toEqual({ state: "done" });
    const [{ within, task, done }] = tasks;
    expect([task, done, within.length]).toEqual(["distill 2 blocks", 1000, 1]);
    const [{ losses, ...cell }] = within;
    expect(cell).toMatchObject({ task: "block 1, cell 2", done: 1000, total: 1000 });
    expect(losses.length).toBeGreaterThan(60);
    expect(losses.length).toBeLessThanOrEqual(160);
    for (const [at, loss] of losses) expect(loss).toBeCloseTo(1 / at, 12);
  });

  test("a task of the same name that begins again is shown anew, and nothing is written where the run is gone", () => {
    const run = open("gone");
    const file = new ProgressFile(run);
    file.report(event("rate", 8, 8, { loss: 1 }));
    file.report(event("rate", 1, 8, { loss: Number.NaN }));
    expect(readProgress(run.path)!.tasks).toMatchObject([
      { task: "rate", done: 1, metrics: { loss: null }, losses: [] },
    ]);
    rmSync(run.path, { recursive: true });
    file.ended();
    run.close();
    expect(() => readRunState(run.path, "status")).toThrow(/is not there/);
    expect(readProgress(run.path)).toBeUndefined();
  });
});
