import { engine, tf } from "../src/engine";
import { type Clock, timed } from "./contest";
import { round } from "./numbers";
import type { Work } from "./work";

/** What the machine can do with so many threads, measured in the same run. */
export interface Limits {
  threads: number;
  /** Bytes read plus bytes written while copying, 1e9 a second. */
  copy_gb_per_s: number;
  /** Of a product of two 1536x1536 matrices, by the BLAS or as oneDNN's 1x1 convolution, 1e9 operations a second. */
  matmul_gflop_per_s: number;
}

/** Where a row stands against the machine's limits. */
export interface Attained {
  gflop: number;
  mbytes: number;
  bound: "arithmetic" | "bytes";
  /** The least time that the limits allow, ms. */
  limit_ms: number;
  /** limit_ms over our time. */
  attained: number;
}

const COPIED = 1 << 24;
const SIDE = 1536;

/** The best of several tries: a limit is what the machine can do, not what it does beside others. */
export function measureLimits(threads: number, clock: Clock): Limits {
  engine.use("native", { threads });
  const longEnough = { steps: 8, budgetMs: 4000, clock };
  const source = tf.ones([COPIED]);
  const copies = timed(() => tf.neg(source).dispose(), longEnough);
  source.dispose();
  const matrix = tf.ones<tf.Rank.R2>([SIDE, SIDE]);
  // Where the BLAS is the slow reference, as in a bare Debian, ATen sends this convolution there too: no limit is measured.
  const [image, filter] = [
    matrix.reshape<tf.Tensor4D>([1, 1, SIDE, SIDE]),
    matrix.reshape<tf.Tensor4D>([1, 1, SIDE, SIDE]),
  ];
  const products = [
    ...timed(() => tf.conv2d(image, filter, 1, "valid").dispose(), longEnough),
    ...timed(() => tf.matMul(matrix, matrix).dispose(), longEnough),
  ];
  tf.dispose([matrix, image, filter]);
  return {
    threads,
    copy_gb_per_s: round((2 * 4 * COPIED) / Math.min(...copies) / 1e6),
    matmul_gflop_per_s: round((2 * SIDE ** 3) / Math.min(...products) / 1e6),
  };
}

/** The better of two measurements. */
export function higher(a: Limits, b: Limits): Limits {
  return {
    threads: a.threads,
    copy_gb_per_s: Math.max(a.copy_gb_per_s, b.copy_gb_per_s),
    matmul_gflop_per_s: Math.max(a.matmul_gflop_per_s, b.matmul_gflop_per_s),
  };
}

/** Which limit binds a row, and how near to it we are. */
export function attained({ flops, bytes }: Work, oursMs: number, limits: Limits): Attained {
  const arithmetic = flops / limits.matmul_gflop_per_s / 1e6;
  const memory = bytes / limits.copy_gb_per_s / 1e6;
  const limit = Math.max(arithmetic, memory);
  return {
    gflop: round(flops / 1e9, 3),
    mbytes: round(bytes / 1e6, 1),
    bound: arithmetic >= memory ? "arithmetic" : "bytes",
    limit_ms: round(limit, 3),
    attained: round(limit / oursMs),
  };
}
