import { workerData } from "node:worker_threads";
import {
  BlockwiseError,
  ConfigError,
  checkOptions,
  EngineError,
  engineCommand,
  MOST,
  type OptionRules,
  rule,
  TASK_THREAD,
} from "../core";
import { hasTaskThreads } from "../tasks";
import { type EngineInfo, withWords } from "./engine-words";
import { chooseAtFirstTensor } from "./first-tensor";
import type { NativeBackend } from "./native/backend";
import { cpuBackend, fallbackCounts } from "./native/fallback";
import { registerNative } from "./native/register";
import { loadTensorflow, type TensorflowPackage } from "./tensorflow";
import { tf } from "./tf";
import { physicalCores } from "./threads";

export type EngineName = "auto" | "native" | "tensorflow" | "cpu";

export interface EngineOptions {
  /** Threads of the native engine; default: the physical cores. */
  threads?: number;
  /** Where the native engine computes, e.g. `"cpu"` or `"cuda"`; default: the CPU. */
  device?: string;
}

/** Whether a device is there is the engine's to say. */
const ENGINE_RULES: OptionRules<EngineOptions> = {
  threads: {
    must: `a whole number from 1 to ${MOST.threads}`,
    holds: (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= MOST.threads,
  },
  device: rule.text,
};

const slowWords = () =>
  "engine: training runs on the pure JavaScript backend `cpu`, which takes about 700 times as long as the native engine " +
  `(a training step of 0.15 s takes 100 s). Build the native one: ${engineCommand()}`;

type State = Omit<EngineInfo, "fallbacks">;

let state: State = { backend: undefined, device: "cpu", threads: 1, versions: {}, rejected: [] };
let native: NativeBackend | undefined;

/** Makes a registered backend the current one; ours start without waiting. */
function activate(name: string): void {
  const done = tf.setBackend(name);
  // The outcome is checked below, at once; a rejection must not become an unhandled one.
  done.catch(() => {});
  if (tf.getBackend() !== name) throw new EngineError(`engine: the backend ${name} does not start`);
}

function tfjsVersion(): Record<string, string> {
  return { tfjs: tf.version.tfjs };
}

/** @throws EngineError when the device is unknown, or libtorch or the machine lacks it. */
function useDevice(backend: NativeBackend, device: string): void {
  try {
    backend.addon.setDevice(device);
    backend.device = device;
  } catch (cause) {
    const { libtorch, cuda } = backend.addon.versions();
    const why = !device.startsWith("cuda")
      ? `use "cpu" or "cuda"`
      : cuda
        ? "no GPU answers; look at nvidia-smi"
        : `it was built for the CPU only; install one with CUDA (conda-forge or pip), set LIBTORCH or CONDA_PREFIX to it, and build again: ${engineCommand()}`;
    throw new EngineError(
      `engine.use: libtorch ${libtorch} cannot use the device ${device}: ${why}`,
      { device, libtorch },
      { cause },
    );
  }
}

/**
 * The instruction set of the fused kernels: the widest of the processor, or what the environment variable asks for.
 * @throws ConfigError when that is not known or not here.
 */
function useIsa({ addon }: NativeBackend): void {
  try {
    addon.setIsa(process.env.BLOCKWISE_ISA ?? "");
  } catch (cause) {
    throw new ConfigError(
      `engine.use: BLOCKWISE_ISA ${(cause as Error).message}; unset it to take the widest`,
      { asked: process.env.BLOCKWISE_ISA },
      { cause },
    );
  }
}

function useNative({ threads = physicalCores(), device = "cpu" }: EngineOptions): State {
  const backend = registerNative();
  useIsa(backend);
  useDevice(backend, device);
  backend.addon.setThreads(threads);
  activate("native");
  native = backend;
  const { libtorch, isa, blas } = backend.addon.versions();
  const versions = { ...tfjsVersion(), libtorch };
  return { backend: "native", device, threads, ...(device === "cpu" && { isa, blas }), versions, rejected: [] };
}

function useTensorflow(packages: readonly TensorflowPackage[], gpuOnly = false): State {
  const reasons: string[] = [];
  for (const name of packages) {
    try {
      const { gpu, version } = loadTensorflow(name);
      if (gpuOnly && !gpu) throw new EngineError(`engine: ${name} finds no GPU`);
      activate("tensorflow");
      const versions = { ...tfjsVersion(), [name]: version };
      return { backend: "tensorflow", device: gpu ? "gpu" : "cpu", threads: physicalCores(), versions, rejected: [] };
    } catch (error) {
      reasons.push((error as Error).message);
    }
  }
  throw new EngineError(reasons.join("; "));
}

function useCpu(): State {
  cpuBackend();
  activate("cpu");
  return { backend: "cpu", device: "cpu", threads: 1, versions: tfjsVersion(), rejected: [], warning: slowWords() };
}

function useAuto(options: EngineOptions): State {
  const tries: [name: string, use: () => State][] = [
    ["tensorflow-gpu", () => useTensorflow(["@tensorflow/tfjs-node-gpu"], true)],
    ["native", () => useNative(options)],
    ["tensorflow", () => useTensorflow(["@tensorflow/tfjs-node"])],
  ];
  const rejected: State["rejected"] = [];
  for (const [name, use] of tries) {
    try {
      return { ...use(), rejected };
    } catch (error) {
      // A wrong BLOCKWISE_ISA is the user's mistake, not an engine that is not there.
      if (!(error instanceof BlockwiseError) || error instanceof ConfigError) throw error;
      rejected.push({ name, reason: error.message });
    }
  }
  process.emitWarning(slowWords(), { code: "BLOCKWISE_SLOW_ENGINE" });
  return { ...useCpu(), rejected };
}

/** The user may have called `tf.setBackend` instead of `engine.use`. */
function inUse(): State {
  const backend = tf.getBackend() || undefined;
  if (backend === state.backend || backend === undefined) return state;
  return { backend, device: "cpu", threads: 1, versions: tfjsVersion(), rejected: [] };
}

/** Chooses what computes under `tf`, and tells what was chosen. */
export const engine = {
  /**
   * Takes an engine into use. `auto` takes the first that works of: TensorFlow's with a GPU, the native one,
   * TensorFlow's without, the slow `cpu`; the environment variable `BLOCKWISE_ENGINE` overrides `auto`. The native one takes
   * its widest kernels, or those of `BLOCKWISE_ISA` (`base`, `avx2` or `avx512`).
   * @throws EngineError when the engine named is not there, or the device cannot be had;
   *   ConfigError for an option that is not known, a thread count that cannot be, or a BLOCKWISE_ISA that is not here.
   */
  use(name: EngineName = "auto", options: EngineOptions = {}): EngineInfo {
    checkOptions("engine.use", options, ENGINE_RULES);
    const asked = name === "auto" ? (process.env.BLOCKWISE_ENGINE as EngineName | undefined) || "auto" : name;
    switch (asked) {
      case "auto":
        state = useAuto(options);
        break;
      case "native":
        state = useNative(options);
        break;
      case "tensorflow":
        state = useTensorflow(["@tensorflow/tfjs-node-gpu", "@tensorflow/tfjs-node"]);
        break;
      case "cpu":
        state = useCpu();
        break;
      default:
        throw new EngineError(`engine.use: the engine must be auto, native, tensorflow or cpu, got ${asked}`);
    }
    return engine.info();
  },

  /** What is in use, its device, threads and library versions, and why others were not taken. */
  info(): EngineInfo {
    return withWords({ ...inUse(), fallbacks: fallbackCounts() });
  },

  /** Task threads, each with a native engine of one thread, that may take the place of this engine's threads; 0: none can. */
  workers(): number {
    const { backend, device, threads } = state;
    return backend === "native" && device === "cpu" && threads > 1 && hasTaskThreads() ? threads : 0;
  },

  /** What a task computes with: one thread of the native engine on a thread of its own, elsewhere what is in use. */
  useForTask(): void {
    if (workerData === TASK_THREAD) engine.use("native", { threads: 1 });
  },

  /**
   * Sets the number of threads of the native engine for this thread's calls; other engines ignore it.
   * @throws EngineError when `threads` is not a whole number of at least 1.
   */
  setThreads(threads: number): void {
    if (!Number.isInteger(threads) || threads < 1 || threads > MOST.threads) {
      throw new EngineError(
        `engine.setThreads: threads must be a whole number from 1 to ${MOST.threads}, got ${threads}`,
      );
    }
    if (state.backend === "native" && native) {
      native.addon.setThreads(threads);
      state = { ...state, threads };
    }
  },
};

// A first tensor that comes before any choice is computed by the best engine too, not by TensorFlow.js's own choice.
chooseAtFirstTensor(() => engine.use("auto").backend!);
