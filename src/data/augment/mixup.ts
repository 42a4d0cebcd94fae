import type { Rng } from "../../core";

/** How a batch is mixed with itself. */
export interface Mixing {
  /** Share of each image itself, 0..1; the rest is its partner's. */
  readonly share: number;
  /** The partner of each image of the batch: its place there. */
  readonly partners: Uint32Array;
}

/** Draws the partners and one share for the whole batch, as in the paper's code. */
export function drawMixing(count: number, alpha: number, rng: Rng): Mixing {
  return { share: beta(alpha, rng), partners: rng.permutation(count) };
}

/** Mixes the values of a batch, image after image of `size` values. */
export function mixed(values: Float32Array, size: number, { share, partners }: Mixing): Float32Array {
  const rest = 1 - share;
  const all = new Float32Array(values.length);
  for (let b = 0; b < partners.length; b++) {
    const [own, other] = [b * size, partners[b] * size];
    for (let i = 0; i < size; i++) all[own + i] = share * values[own + i] + rest * values[other + i];
  }
  return all;
}

/** A number of Beta(alpha, alpha): of two of Gamma(alpha), the first's share. */
function beta(alpha: number, rng: Rng): number {
  const [a, b] = [logGamma(alpha, rng), logGamma(alpha, rng)];
  // Of small alphas both may be too small for a double; their logarithms are not.
  return 1 / (1 + Math.exp(b - a));
}

/** The logarithm of a number of Gamma(alpha, 1) (Marsaglia and Tsang 2000; below 1 by their power of a uniform number). */
function logGamma(alpha: number, rng: Rng): number {
  if (alpha < 1) return logGamma(alpha + 1, rng) + Math.log(1 - rng.uniform()) / alpha;
  const d = alpha - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) ** 3;
    if (v > 0 && Math.log(1 - rng.uniform()) < x ** 2 / 2 + d - d * v + d * Math.log(v)) return Math.log(d * v);
  }
}
