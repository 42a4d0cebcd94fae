import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { type EngineName, engine, fused, tf } from "../../src/engine";
import type { NativeBackend } from "../../src/engine/native/backend";
import { loadTensorflow } from "../../src/engine/tensorflow";
import { physicalCores } from "../../src/engine/threads";
import { describeNative } from "./native";

/** A folder with a package under the name @tensorflow/tfjs-node; gives a file from which it is found. */
function installed(manifestName: string, program: string): string {
  const folder = mkdtempSync(join(tmpdir(), "blockwise-tfjs-node-"));
  folders.push(folder);
  const home = join(folder, "node_modules/@tensorflow/tfjs-node");
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "package.json"), JSON.stringify({ name: manifestName, version: "9.9.9", main: "index.js" }));
  writeFileSync(join(home, "index.js"), program);
  return join(folder, "from.js");
}

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

describe("choosing an engine", () => {
  test("the slow backend says how slow it is", () => {
    const info = engine.use("cpu");
    expect(info).toMatchObject({ backend: "cpu", device: "cpu", threads: 1 });
    expect(info.warning).toMatch(/pure JavaScript.*700 times/);
    expect(tf.getBackend()).toBe("cpu");
  });

  test("an engine that does not exist is named", () => {
    expect(() => engine.use("gpu" as EngineName)).toThrow(/must be auto, native, tensorflow or cpu, got gpu/);
  });

  test("an engine that is not installed is not silently replaced", () => {
    engine.use("cpu");
    expect(() => engine.use("tensorflow")).toThrow(/tfjs-node/);
    expect(tf.getBackend()).toBe("cpu");
  });

  test("there is at least one core", () => expect(physicalCores()).toBeGreaterThanOrEqual(1));
});

/** The output of a program in a process of its own, which finds the engine as `B` and has made no tensor. */
function fresh(program: string, env: NodeJS.ProcessEnv = {}): string {
  const all = `const B = require("./src/engine"); ${program}`;
  return execFileSync(process.execPath, ["--import", "tsx", "-e", all], {
    encoding: "utf8",
    env: { ...process.env, BLOCKWISE_ENGINE: "", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

describe("a first tensor before any choice", () => {
  test("is made by the engine that auto takes, as is one of another copy of tfjs-core, and one after tf.ready()", () => {
    const auto = fresh('console.log(B.engine.use("auto").backend)').trim();
    const seen = `console.log(B.engine.info().backend, B.tf.getBackend())`;
    expect(fresh(`B.tf.tensor([1, 2]).square().dataSync(); ${seen}`).trim()).toBe(`${auto} ${auto}`);
    expect(fresh(`require("@tensorflow/tfjs-core").tensor([1]); ${seen}`).trim()).toBe(`${auto} ${auto}`);
    expect(fresh(`B.tf.ready().then(() => { ${seen} })`).trim()).toBe(`${auto} ${auto}`);
  });

  test("follows BLOCKWISE_ENGINE, and tf.setBackend where the user called that", () => {
    const seen = `B.tf.tensor([1]); console.log(B.engine.info().backend, B.tf.getBackend())`;
    expect(fresh(seen, { BLOCKWISE_ENGINE: "cpu" }).trim()).toBe("cpu cpu");
    expect(fresh(`B.tf.setBackend("cpu"); ${seen}`).trim()).toBe("cpu cpu");
  });

  test("warns once where only the slow backend is there", () => {
    const program = `process.on("warning", (w) => console.log(w.code)); B.tf.tensor([1]); B.tf.tensor([2]);
      console.log(B.engine.info().backend, /700 times/.test(B.engine.info().warning));`;
    expect(fresh(program, { BLOCKWISE_NATIVE: "/nowhere.node" }).trim().split("\n")).toEqual([
      "cpu true",
      "BLOCKWISE_SLOW_ENGINE",
    ]);
  });
});

describe("a package named tfjs-node must have TensorFlow in it", () => {
  test("what danfojs-node's override installs under that name is told by its manifest, and not loaded", () => {
    const from = installed("@tensorflow/tfjs", "throw new Error('loaded')");
    expect(() => loadTensorflow("@tensorflow/tfjs-node", from)).toThrow(
      /is @tensorflow\/tfjs, which has no TensorFlow/,
    );
    // And here, where that override is in force or nothing is installed:
    expect(() => loadTensorflow("@tensorflow/tfjs-node")).toThrow(/no TensorFlow in it|not installed/);
  });

  test("a package that registers no backend is refused", () => {
    const from = installed("@tensorflow/tfjs-node", "module.exports = {}");
    expect(() => loadTensorflow("@tensorflow/tfjs-node", from)).toThrow(/registers no backend named tensorflow/);
  });

  test("a package that fails to load says why", () => {
    const from = installed("@tensorflow/tfjs-node", "throw new Error('libtensorflow.so.2 is missing')");
    expect(() => loadTensorflow("@tensorflow/tfjs-node", from)).toThrow(/libtensorflow\.so\.2 is missing/);
  });

  test("a package that registers the backend is taken", () => {
    const tfjs = JSON.stringify(require.resolve("@tensorflow/tfjs"));
    const program = `const tf = require(${tfjs});
      class Node extends tf.KernelBackend { isUsingGpuDevice = true; dispose() {} }
      tf.registerBackend("tensorflow", () => new Node());`;
    const from = installed("@tensorflow/tfjs-node", program);
    expect(loadTensorflow("@tensorflow/tfjs-node", from)).toEqual({ gpu: true, version: "9.9.9" });
    tf.removeBackend("tensorflow");
  });
});

describeNative("the native engine", () => {
  test("is what auto takes here, and says why others were not taken", () => {
    const info = engine.use("auto", { threads: 1 });
    expect(info).toMatchObject({ backend: "native", device: "cpu", threads: 1 });
    expect(info.versions.libtorch).toMatch(/^\d+\.\d+/);
    expect(info.versions.tfjs).toBe(tf.version.tfjs);
    expect(info.rejected.map(({ name }) => name)).toEqual(["tensorflow-gpu"]);
    expect(info.rejected[0].reason).toMatch(/tfjs-node-gpu/);
    expect(info.warning).toBeUndefined();
  });

  test("BLOCKWISE_ENGINE overrides auto, and only auto", () => {
    process.env.BLOCKWISE_ENGINE = "cpu";
    try {
      expect(engine.use().backend).toBe("cpu");
      expect(engine.use("native").backend).toBe("native");
    } finally {
      delete process.env.BLOCKWISE_ENGINE;
    }
  });

  test("computes the same with one thread and with two", () => {
    engine.use("native", { threads: 1 });
    const x = tf.randomNormal([64, 64], 0, 1, "float32", 1);
    const one = x.matMul(x).dataSync();
    engine.setThreads(2);
    expect(engine.info().threads).toBe(2);
    expect(x.matMul(x).dataSync()).toEqual(one);
  });

  test("refuses thread counts and devices that cannot be", () => {
    expect(() => engine.use("native", { threads: 0 })).toThrow(/from 1 to 1024, got 0/);
    expect(() => engine.setThreads(1.5)).toThrow(/from 1 to 1024, got 1.5/);
    expect(() => engine.use("native", { device: "nonsense" })).toThrow(
      /cannot use the device nonsense: use "cpu" or "cuda"/,
    );
    expect(engine.use("native").device).toBe("cpu");
  });

  test("says what to do where there is no CUDA, and computes on where it was", () => {
    engine.use("native", { threads: 1 });
    if ((tf.backend() as NativeBackend).addon.versions().cuda) {
      expect(engine.use("native", { device: "cuda" }).device).toBe("cuda");
      expect(tf.add(1, 2).dataSync()[0]).toBe(3);
    } else {
      expect(() => engine.use("native", { device: "cuda" })).toThrow(
        /libtorch [\d.]+ cannot use the device cuda: it was built for the CPU only; install one with CUDA/,
      );
    }
    expect(engine.use("native").device).toBe("cpu");
    expect(tf.add(1, 2).dataSync()[0]).toBe(3);
  });

  test("composes the fused ops of ordinary ones on another device, whose kernels are for the CPU", () => {
    engine.use("native", { threads: 1 });
    const native = tf.backend() as NativeBackend;
    const x = tf.randomNormal([4, 5], 0, 1, "float32", 1);
    const run = vi.spyOn(native, "run");
    const fusedKernels = () => run.mock.calls.map(([name]) => name).filter((name) => name.startsWith("Fused"));
    const here = fused.activate(x, "silu").dataSync();
    expect(fusedKernels()).toEqual(["FusedActivation"]);
    run.mockClear();
    native.device = "elsewhere";
    try {
      const there = fused.activate(x, "silu").dataSync();
      expect(fusedKernels()).toEqual([]);
      for (const [i, value] of here.entries()) expect(there[i]).toBeCloseTo(value, 5);
    } finally {
      native.device = "cpu";
      run.mockRestore();
    }
  });
});
