import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ConfigError, runJobs } from "../../src/core";
import type { FixtureJob } from "./job-fixture";

/** Runs jobs of the fixture and gives the numbers of the threads that did them. */
async function threadsOf(does: readonly FixtureJob["does"][], threads: number, signal?: AbortSignal) {
  const told: number[] = [];
  const jobs = does.map((one): FixtureJob => ({ does: one }));
  const complete = await runJobs(
    join(__dirname, "job-fixture"),
    jobs,
    threads,
    (_, thread: number) => void told.push(thread),
    signal,
  );
  return { told, complete };
}

describe("runJobs", () => {
  test("every job is done, on no more threads than asked for, and the next jobs find them started", async () => {
    const first = await threadsOf(["tell", "tell", "tell", "tell", "tell"], 2);
    expect(first.complete).toBe(true);
    expect(first.told).toHaveLength(5);
    expect(new Set(first.told).size).toBeLessThanOrEqual(2);
    const next = await threadsOf(["tell", "tell"], 2);
    expect(first.told).toEqual(expect.arrayContaining(next.told));
  });

  test("a failure comes as it was thrown, and its thread is not taken again", async () => {
    const failed: number[] = [];
    const jobs: FixtureJob[] = [{ does: "fail" }];
    const running = runJobs(
      join(__dirname, "job-fixture"),
      jobs,
      1,
      (_, thread: number) => failed.push(thread),
      undefined,
    );
    await expect(running).rejects.toThrow(ConfigError);
    const { told } = await threadsOf(["tell", "tell", "tell"], 1);
    expect(told).not.toContain(failed[0]);
  });

  test("what the listener throws is the failure", async () => {
    const full = () => {
      throw new Error("no space left");
    };
    const jobs: FixtureJob[] = [{ does: "tell" }];
    await expect(runJobs(join(__dirname, "job-fixture"), jobs, 1, full, undefined)).rejects.toThrow("no space left");
  });

  test("stopped, the jobs at work end and no other begins; the threads serve again", async () => {
    const stop = new AbortController();
    const running = threadsOf(["wait", "wait", "wait", "wait"], 2, stop.signal);
    setTimeout(() => stop.abort(), 500);
    const { complete, told } = await running;
    expect(complete).toBe(false);
    expect(told.length).toBeLessThanOrEqual(2);
    expect((await threadsOf(["tell"], 1)).complete).toBe(true);
  });
});
