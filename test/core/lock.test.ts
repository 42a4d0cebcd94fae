import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { acquireLock, InterruptedError, readJson, StudyError, thisProcess, waitForLock } from "../../src/core";

const lockFile = () => join(mkdtempSync(join(tmpdir(), "lock-")), "lock.json");

test("a lock of another machine, thirty days old, says how old and how to take over, and that command does", () => {
  const path = lockFile();
  writeFileSync(path, JSON.stringify({ pid: 12, startTime: "7", host: "elsewhere" }));
  const then = (Date.now() - 30 * 86_400_000) / 1000;
  utimesSync(path, then, then);
  expect(() => acquireLock(path)).toThrow(StudyError);
  expect(() => acquireLock(path)).toThrow(
    `process 12 on elsewhere is at it since ${new Date(then * 1000).toISOString()} (30 days ago)`,
  );
  const command = messageOf(() => acquireLock(path)).match(/take over by (rm .*) and run the same command again/)![1];
  expect(spawnSync("sh", ["-c", command]).status).toBe(0);
  acquireLock(path).release();
});

test("the command to take over is right for any path", () => {
  const path = join(mkdtempSync(join(tmpdir(), "it's a $HOME `lock` ")), "lock.json");
  writeFileSync(path, JSON.stringify({ pid: 12, host: "elsewhere" }));
  const command = messageOf(() => acquireLock(path)).match(/take over by (rm .*) and run the same command again/s)![1];
  expect(spawnSync("sh", ["-c", command]).status).toBe(0);
  expect(existsSync(path)).toBe(false);
});

test("an owner whose lock was taken over finds out and leaves the new one", () => {
  const path = lockFile();
  const lock = acquireLock(path);
  lock.check();
  rmSync(path);
  expect(() => lock.check()).toThrow(/was removed or taken over; nothing more is written there/);
  writeFileSync(path, JSON.stringify({ pid: 12, host: "elsewhere" }));
  expect(() => lock.check()).toThrow(StudyError);
  lock.release();
  expect(existsSync(path)).toBe(true);
});

test("a living process of this machine is named with the command that ends it", () => {
  const path = lockFile();
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
  try {
    writeFileSync(path, JSON.stringify({ pid: child.pid, host: hostname() }));
    expect(() => acquireLock(path)).toThrow(
      new RegExp(
        `process ${child.pid} on .* end it \\(kill ${child.pid}\\).* is another program by now, take over by rm`,
      ),
    );
  } finally {
    child.kill("SIGKILL");
  }
});

test("this process is named as such", () => {
  const path = lockFile();
  const lock = acquireLock(path);
  expect(() => acquireLock(path)).toThrow(/that is this process: it has it open already/);
  lock.release();
});

test.each([
  ["garbage", "\u0000\u0001"],
  ["empty", ""],
  ["null", "null"],
  ["half a lock", '{"pid":'],
  ["a process group", JSON.stringify({ pid: -1, host: hostname() })],
  ["no process", JSON.stringify({ pid: 0, host: hostname() })],
  ["a process of another boot", JSON.stringify({ ...thisProcess(), startTime: "1" })],
  ["a number that no process has", JSON.stringify({ pid: 2 ** 31 - 2, startTime: "1", host: hostname() })],
])("a lock that names nobody who lives is taken over: %s", (_, content) => {
  const path = lockFile();
  writeFileSync(path, content);
  const lock = acquireLock(path);
  expect(readJson(path)).toEqual(thisProcess());
  lock.release();
  expect(readdirSync(dirname(path))).toEqual([]);
});

test("a folder in the lock's place is named with the command that removes it", () => {
  const path = lockFile();
  mkdirSync(path);
  expect(() => acquireLock(path)).toThrow(
    /must be a file that can be read, and is a folder; remove it \(rm -r .*lock\.json\)/,
  );
});

test("a place that cannot be written says why", () => {
  const file = lockFile();
  writeFileSync(file, "");
  expect(() => acquireLock(join(file, "lock.json"))).toThrow(/a part of the path is a file and no folder/);
});

test("who waits for a lock gets it when it is given back, is told once who has it, and can be stopped", async () => {
  const path = lockFile();
  const first = acquireLock(path);
  const told: string[] = [];
  const waiting = waitForLock(path, "features", {}, (message) => {
    told.push(message);
    first.release();
  });
  (await waiting).release();
  expect(told).toEqual([expect.stringContaining("features: ")]);
  const second = acquireLock(path);
  const stop = new AbortController();
  const stopped = waitForLock(path, "features", stop, () => stop.abort());
  await expect(stopped).rejects.toThrow(InterruptedError);
  second.release();
});

function messageOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error("nothing was thrown");
}
