import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CheckpointError, ConfigError, featureMemory, fitsInMemory, keepBytes, readShared } from "../../src/core";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "shared-bytes-"));
  vi.stubEnv("TMPDIR", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

/** With so many bytes more than are taken now. */
function allow(bytes: number): void {
  vi.stubEnv("BLOCKWISE_FEATURE_MEMORY", "1G");
  const taken =
    1e9 -
    fitsInMemory(
      Array(30)
        .fill(0)
        .map((_, i) => 2 ** (29 - i)),
    );
  vi.stubEnv("BLOCKWISE_FEATURE_MEMORY", String(taken + bytes));
}

describe("keepBytes", () => {
  test("keeps in memory what the limit allows, the rest on the disk, and frees both", () => {
    allow(100);
    expect(fitsInMemory([60, 60, 40])).toBe(100);
    const kept = [60, 60, 40].map(keepBytes);
    expect(kept.map(({ bytes }) => "memory" in bytes)).toEqual([true, false, true]);
    expect(fitsInMemory([1])).toBe(0);
    // The file has no name: nothing is left however the process ends.
    expect(readdirSync(folder)).toEqual([]);
    for (const { release } of kept) {
      release();
      release();
    }
    expect(fitsInMemory([100])).toBe(100);
  });

  test("gives back what was written, from either place and on any thread", async () => {
    for (const limit of [1000, 0]) {
      allow(limit);
      const { bytes, write, release } = keepBytes(300);
      expect("memory" in bytes).toBe(limit > 0);
      const all = Uint8Array.from({ length: 300 }, (_, i) => i);
      write(0, all.subarray(0, 100));
      write(100, all.subarray(100));
      fc.assert(
        fc.property(fc.nat(299), fc.nat(299), (at, length) => {
          const into = new Uint8Array(length);
          const whole = at + length <= 300;
          expect(readShared(bytes, at, into)).toBe(whole);
          if (whole) expect(into).toEqual(all.subarray(at, at + length));
        }),
      );
      const program = `
        require("tsx/cjs");
        const { readShared } = require(${JSON.stringify(join(__dirname, "../../src/core/shared-bytes"))});
        const { parentPort, workerData } = require("node:worker_threads");
        const into = new Uint8Array(50);
        readShared(workerData, 120, into);
        parentPort.postMessage(into);`;
      const thread = new Worker(program, { eval: true, workerData: bytes });
      const read = await new Promise((done, fail) => thread.once("message", done).once("error", fail));
      expect(read).toEqual(all.subarray(120, 170));
      await thread.terminate();
      release();
    }
  });

  test("says what to do where the disk does not take them", () => {
    allow(0);
    const file = join(folder, "file");
    writeFileSync(file, "");
    vi.stubEnv("TMPDIR", file);
    expect(() => keepBytes(5e9)).toThrow(CheckpointError);
    expect(() => keepBytes(5e9)).toThrow(/5\.00GB.*must be kept in .*file.*TMPDIR.*BLOCKWISE_FEATURE_MEMORY/);
  });

  test("takes a quarter of the machine's memory unless told otherwise, and refuses what is no size", () => {
    vi.stubEnv("BLOCKWISE_FEATURE_MEMORY", "");
    expect(featureMemory()).toBeGreaterThan(0);
    vi.stubEnv("BLOCKWISE_FEATURE_MEMORY", "1.5G");
    expect(featureMemory()).toBe(1.5e9);
    vi.stubEnv("BLOCKWISE_FEATURE_MEMORY", "a lot");
    expect(featureMemory).toThrow(ConfigError);
  });
});
