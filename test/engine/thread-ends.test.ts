import { spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { Rng } from "../../src/core";
import { describeNative } from "./native";

const ADDON = join(__dirname, "../../native/build/Release/blockwise_native.node");

/**
 * What a thread does without end, once it has loaded the addon: calls that give several outputs, take lists, copy typed arrays
 * in and out, copy on another thread, compute on several threads of libtorch's, and fail.
 */
const WORK = `
  const addon = require(${JSON.stringify(ADDON)});
  require("node:worker_threads").parentPort.postMessage("loaded");
  addon.setThreads(2);
  const x = addon.create(new Float32Array(4096).fill(1.5), [4, 32, 32], "float32");
  const wide = addon.create(new Float32Array(65536).fill(0.5), [256, 256], "float32");
  (function turn() {
    for (let i = 0; i < 200; i++) {
      for (const part of addon.SplitV(x, [8, 24], 1)) addon.release(part);
      addon.release(addon.Transpose(x, [2, 0, 1]));
      if (i % 20 === 0) addon.release(addon.BatchMatMul(wide, wide, false, false));
      addon.readSync(x);
      addon.copied();
      for (let k = 0; k < 3; k++) addon.read(x).then((values) => values.length);
      try {
        addon.Transpose(-1, [0]);
      } catch {}
    }
    setImmediate(turn);
  })();`;

/** A process with two such threads, which does `end` in its own time after both are loaded. */
function processWith(
  end: string,
  delay: number,
): Promise<{ code: number | null; signal: string | null; said: string }> {
  const program = `
    const { Worker } = require("node:worker_threads");
    require(${JSON.stringify(ADDON)});
    let loaded = 0;
    const threads = [0, 1].map(() => new Worker(${JSON.stringify(WORK)}, { eval: true }));
    for (const thread of threads) {
      thread.on("message", () => ++loaded === 2 && setTimeout(async () => { ${end} }, ${delay}));
    }`;
  const child = spawn(process.execPath, ["-e", program], { stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => (said += text));
  return new Promise((resolve) => child.on("close", (code, signal) => resolve({ code, signal, said })));
}

const WAYS: Record<string, { end: string; code: number; said?: RegExp }> = {
  "process.exit": { end: "process.exit(3)", code: 3 },
  "SIGTERM, answered by process.exit": {
    end: 'process.on("SIGTERM", () => process.exit(5)); process.kill(process.pid, "SIGTERM")',
    code: 5,
  },
  "an uncaught error": { end: 'throw new Error("nobody catches this")', code: 1, said: /nobody catches this/ },
  "the end of its work, threads terminated": {
    end: "await Promise.all(threads.map((thread) => thread.terminate()))",
    code: 0,
  },
};

describeNative("threads at native work, ended at any moment", () => {
  for (const [way, { end, code, said = /^$/ }] of Object.entries(WAYS)) {
    test(`leave a process that ends cleanly by ${way}`, async () => {
      const rng = new Rng(13).fork(way);
      const delays = Array.from({ length: 12 }, () => rng.int(12));
      for (let i = 0; i < delays.length; i += 3) {
        const together = delays.slice(i, i + 3);
        for (const ended of await Promise.all(together.map((delay) => processWith(end, delay)))) {
          expect(ended).toEqual({ code, signal: null, said: expect.stringMatching(said) });
        }
      }
    });
  }

  test("take nothing with them when they are terminated, also while they load", async () => {
    const rng = new Rng(13).fork("terminate");
    for (let i = 0; i < 60; i++) {
      const threads = [0, 1].map(() => new Worker(WORK, { eval: true }));
      if (i % 3 > 0) await Promise.all(threads.map((thread) => new Promise((done) => thread.once("message", done))));
      await pause(rng.int(8));
      await Promise.all(threads.map((thread) => thread.terminate()));
    }
    // Those that were ended hold nothing: a new one finds its table empty.
    const after = new Worker(
      `const addon = require(${JSON.stringify(ADDON)}); require("node:worker_threads").parentPort.postMessage(addon.count());`,
      { eval: true },
    );
    expect(await new Promise((done) => after.once("message", done))).toBe(0);
    await after.terminate();
  });
});
