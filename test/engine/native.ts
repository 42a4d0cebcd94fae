/** What the tests of the engine share: is the addon there, random tensors, and both engines side by side. */
import { describe, expect } from "vitest";
import { Rng } from "../../src/core";
import { engine, tf } from "../../src/engine";
import { loadAddon } from "../../src/engine/native/addon";

function addonMissing(): string | undefined {
  try {
    loadAddon();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

const missing = addonMissing();
if (missing) {
  if (process.env.BLOCKWISE_REQUIRE_NATIVE === "1") throw new Error(`BLOCKWISE_REQUIRE_NATIVE=1, but ${missing}`);
  process.stderr.write(`\n*** THE TESTS OF THE NATIVE ENGINE DO NOT RUN: ${missing} ***\n\n`);
}

/** A suite that needs the addon: loudly skipped without it, an error where BLOCKWISE_REQUIRE_NATIVE=1. */
export const describeNative = describe.skipIf(missing !== undefined);

/** The instruction sets of the fused kernels that this machine has, from the narrowest to the widest. */
export function instructionSets(): string[] {
  return loadAddon().versions().isas;
}

/** Runs `body` with the fused kernels of one instruction set, then takes those of before. */
export async function withIsa<T>(isa: string | undefined, body: () => T | Promise<T>): Promise<T> {
  const before = process.env.BLOCKWISE_ISA;
  const set = (name: string | undefined) => {
    if (name === undefined) delete process.env.BLOCKWISE_ISA;
    else process.env.BLOCKWISE_ISA = name;
  };
  try {
    set(isa);
    return await body();
  } finally {
    set(before);
    engine.use("native", { threads: engine.info().threads });
  }
}

/** Normal random values of a shape, the same for the same seed. */
export function randomTensor(
  seed: number | Rng,
  shape: number[],
  dtype: "float32" | "int32" | "bool" = "float32",
): tf.Tensor {
  const rng = typeof seed === "number" ? new Rng(seed) : seed;
  const size = tf.util.sizeFromShape(shape);
  const values = Array.from({ length: size }, () =>
    dtype === "float32" ? rng.normal() : dtype === "int32" ? rng.int(9) - 4 : rng.int(2),
  );
  return tf.tensor(values, shape, dtype);
}

/** Plain numbers of a tensor, its shape and dtype. */
export interface Result {
  shape: number[];
  dtype: string;
  values: number[];
}

function plain(tensor: tf.Tensor): Result {
  return { shape: tensor.shape, dtype: tensor.dtype, values: Array.from(tensor.dataSync()) };
}

/** What `compute` gives on one engine. */
export function on(name: "native" | "cpu", compute: () => tf.Tensor | tf.Tensor[]): Result[] {
  engine.use(name, { threads: 2 });
  let results: Result[] = [];
  tf.tidy(() => {
    results = [compute()].flat().map(plain);
  });
  return results;
}

/** Fails unless all numbers agree to `tolerance`, relative to the greater of 1 and the largest expected one. */
export function expectClose(actual: Result[], expected: Result[], tolerance = 1e-4): void {
  expect(actual.map(({ shape, dtype }) => ({ shape, dtype }))).toEqual(
    expected.map(({ shape, dtype }) => ({ shape, dtype })),
  );
  for (const [i, { values }] of expected.entries()) {
    const finite = values.filter(Number.isFinite).map(Math.abs);
    const scale = finite.reduce((a, b) => Math.max(a, b), 1);
    for (const [k, value] of values.entries()) {
      const got = actual[i].values[k];
      if (Object.is(got, value) || got === value || (Number.isNaN(got) && Number.isNaN(value))) continue;
      if (!(Math.abs(got - value) <= tolerance * scale)) {
        expect.fail(`output ${i}, value ${k}: got ${got}, expected ${value} (scale ${scale})`);
      }
    }
  }
}

/** Compares the native engine with tfjs's cpu backend: values, and gradients where `gradient`. */
export function expectLikeCpu(
  inputs: () => tf.Tensor[],
  compute: (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[],
  { gradient = false, tolerance = 1e-4 }: { gradient?: boolean; tolerance?: number } = {},
): void {
  const values = () => compute(...inputs());
  expectClose(on("native", values), on("cpu", values), tolerance);
  if (!gradient) return;
  // A weighted sum, so that every output has a gradient of its own.
  const loss = (...xs: tf.Tensor[]): tf.Scalar => {
    const y = compute(...xs) as tf.Tensor;
    return y.mul(randomTensor(99, y.shape)).sum();
  };
  const slopes = () => tf.grads(loss)(inputs());
  expectClose(on("native", slopes), on("cpu", slopes), tolerance);
}
