import { expect } from "vitest";
import { Rng } from "../../src/core/rng";
import { engine } from "../../src/engine";

export type Values = Record<string, { shape: number[]; data: Float32Array }>;

/** Random values by name: norms' scales about 1, the rest about 0. */
export function tensors(shapes: Record<string, number[]>, seed: number): Values {
  const out: Values = {};
  for (const [name, shape] of Object.entries(shapes)) {
    const rng = new Rng(seed).fork(name);
    const size = shape.reduce((a, b) => a * b, 1);
    const [centre, spread] = name.startsWith("gamma") ? [1, 0.2] : [0, name === "x" ? 1 : 0.4];
    out[name] = { shape, data: Float32Array.from({ length: size }, () => centre + spread * rng.normal()) };
  }
  return out;
}

/** Runs `f` on the pure JavaScript backend, then comes back. */
export async function onCpu<T>(f: () => T): Promise<T> {
  engine.use("cpu");
  try {
    return f();
  } finally {
    engine.use("native", { threads: 2 });
  }
}

/**
 * Every tensor near its reference: 1e-4 of the tensor's largest value; `floor` is the size below which numbers are
 * what rounding leaves of a sum that is zero in exact arithmetic.
 */
export function close(ours: Values, reference: Values, tolerance = 1e-4, floor = 1e-2): void {
  expect(Object.keys(ours)).toEqual(Object.keys(reference));
  for (const [name, { shape, data }] of Object.entries(reference)) {
    expect(ours[name].shape, name).toEqual(shape);
    let largest = floor;
    for (const value of data) largest = Math.max(largest, Math.abs(value));
    let worst = 0;
    for (const [i, value] of data.entries()) {
      const difference = Math.abs(ours[name].data[i] - value);
      worst = Math.max(worst, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    }
    expect(worst / largest, `${name}: largest difference to the reference`).toBeLessThan(tolerance);
  }
}
