import { inspect } from "node:util";

export interface EngineInfo {
  /** The backend in use, by tfjs's name; undefined before `engine.use`. */
  backend: string | undefined;
  device: string;
  threads: number;
  /** The instruction set of the native engine's own kernels on the CPU: base, avx2 or avx512. */
  isa?: string;
  /** Which product of matrices libtorch calls: OpenBLAS and the processor that its kernels are for, MKL or reference. */
  blas?: string;
  versions: Record<string, string>;
  /** The engines that `auto` would have preferred, and why each was not taken. */
  rejected: { name: string; reason: string }[];
  /** Calls of kernels that the native engine left to the cpu backend. */
  fallbacks: Record<string, number>;
  /** Says how slow the engine is, where it is. */
  warning?: string;
}

/** The same facts, which print as a line or two: `engine.use()` is the first thing that most notebooks show. */
export function withWords(info: EngineInfo): EngineInfo {
  return Object.defineProperty(info, inspect.custom, { value: () => engineWords(info), enumerable: false });
}

/** "Engine native on cpu, 2 threads; tfjs 4.22.0, libtorch 1.13.0; kernels avx512, BLAS OpenBLAS SkylakeX". */
function engineWords(info: EngineInfo): string {
  const { backend, device, threads, isa, blas, versions, rejected, fallbacks, warning } = info;
  if (backend === undefined) return "Engine: none yet; engine.use() starts the best one that is there";
  const parts = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const fallen = Object.entries(fallbacks).map(([kernel, calls]) => `${kernel} ${calls} times`);
  return [
    `Engine ${backend} on ${device}, ${threads} thread${threads === 1 ? "" : "s"}; ${parts.join(", ")}${isa === undefined ? "" : `; kernels ${isa}, BLAS ${blas}`}`,
    ...rejected.map(({ name, reason }) => `  not ${name}: ${reason.replace(/^engine: /, "").split("\n")[0]}`),
    ...(fallen.length > 0 ? [`  left to the cpu backend: ${fallen.join(", ")}`] : []),
    ...(warning === undefined ? [] : [warning]),
  ].join("\n");
}
