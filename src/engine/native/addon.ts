import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { EngineError, engineCommand } from "../../core";

/** A tensor in native memory; 0 is none. */
export type Handle = number;

type Argument = Handle | boolean | string | ArrayLike<number> | undefined;

/** What the compiled addon exports: some functions of its own, and one a kernel. */
export interface Addon {
  /** After a call: for each output its dtype code (float32, int32, bool), its rank and its sizes. */
  readonly shapes: Int32Array;
  /** Handles to release before the next call does its work: how many, then they. */
  readonly released: Float64Array;
  create(values: ArrayBufferView, shape: readonly number[], dtype: string): Handle;
  alias(handle: Handle, shape: readonly number[]): Handle;
  release(handle: Handle): boolean;
  count(): number;
  clear(): void;
  readSync(handle: Handle): Float32Array | Int32Array | Uint8Array;
  read(handle: Handle): Promise<Float32Array | Int32Array | Uint8Array>;
  /** Bytes copied since the thread began: into tensors, out of them at once, and out of them on a thread of the pool. */
  copied(): { created: number; read: number; readAside: number };
  setThreads(threads: number): void;
  threads(): number;
  setDevice(device: string): void;
  /** Takes the fused kernels of one instruction set, for the whole process; an empty name is the widest. */
  setIsa(name: string): void;
  /** `isa` of those in `isas` that the machine has, from the narrowest to the widest. */
  versions(): {
    libtorch: string;
    cuda: boolean;
    mkldnn: boolean;
    isa: string;
    isas: string[];
    blas: string;
    parallel: string;
  };
}

export type NativeFunction = (...values: Argument[]) => Handle | Handle[];

const FILE = "native/build/Release/blockwise_native.node";

/** The addon beside the sources, whether this file runs from `src/` or from `dist/src/`. */
export function addonPath(): string | undefined {
  for (let up = "../../..", tries = 0; tries < 3; tries++, up += "/..") {
    const path = join(__dirname, up, FILE);
    if (existsSync(path)) return path;
  }
  return undefined;
}

let loaded: Addon | undefined;

/**
 * How far, in per cent, the JavaScript heap may grow beyond what a full collection left before the next one. Where a thread waits
 * for kernels most of the time V8 decides on 25 to 45, and collects five times a second on helper threads, which take the cores from
 * the kernels: 6 to 9 % of a search.
 */
const HEAP_GROWTH = 200;

/** For all threads of the process; a flag of the command line stays. */
function collectSeldom(): void {
  if (process.execArgv.some((flag) => /^--heap[-_]growing[-_]percent/.test(flag))) return;
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWTH}`);
}

/**
 * Loads the addon, once a thread.
 * @throws EngineError when it is not built or cannot be loaded (another libtorch, another machine).
 */
export function loadAddon(): Addon {
  if (loaded) return loaded;
  const path = process.env.BLOCKWISE_NATIVE ?? addonPath();
  if (!path) {
    throw new EngineError(`native engine: ${FILE} is not there; build it by "${engineCommand()}"`);
  }
  // Waiting threads must sleep, not spin: with other work on the machine, spinning makes a step up to seven times slower.
  // libgomp reads this once, when the addon brings it in.
  process.env.OMP_WAIT_POLICY ??= "passive";
  try {
    const addon = createRequire(__filename)(path) as Addon;
    if (typeof addon.setIsa !== "function") throw new Error("it was built from older sources");
    loaded = addon;
    collectSeldom();
    return loaded;
  } catch (cause) {
    throw new EngineError(
      `native engine: ${path} cannot be loaded (${(cause as Error).message}); build it again by "${engineCommand({ again: true })}"`,
      { path },
      { cause },
    );
  }
}
