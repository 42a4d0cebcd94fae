import { describe, expect, test } from "vitest";
import { tf } from "../../src/engine";
import { nativeKernels } from "../../src/engine/native/kernels";

const NO_TRAINING = "no layer and no gradient of real numbers reaches it";
const COMPLEX = `complex numbers: ${NO_TRAINING}`;
const TEXT = `text: ${NO_TRAINING}`;
const RAGGED = `sparse and ragged data: ${NO_TRAINING}`;
const PICTURE = "prepares pictures, without a gradient; `src/data` has its own";

/** The kernels of tfjs's cpu backend that ours leaves to it, and why. */
const LEFT: Record<string, string> = {
  ComplexAbs: COMPLEX,
  FFT: COMPLEX,
  IFFT: COMPLEX,
  Draw: "draws on a canvas of a browser",
  RotateWithOffset: PICTURE,
  Transform: PICTURE,
  RaggedGather: RAGGED,
  RaggedRange: RAGGED,
  RaggedTensorToTensor: RAGGED,
  SparseFillEmptyRows: RAGGED,
  SparseReshape: RAGGED,
  SparseSegmentMean: RAGGED,
  SparseSegmentSum: RAGGED,
  StaticRegexReplace: TEXT,
  StringNGrams: TEXT,
  StringSplit: TEXT,
  StringToHashBucketFast: TEXT,
  Unique: `counts values: ${NO_TRAINING}`,
};

const cpu = tf.getKernelsForBackend("cpu").map(({ kernelName }) => kernelName);
const native = new Set(nativeKernels.map(({ name }) => name));

describe("kernels of tfjs's cpu backend", () => {
  test("are those of 4.22", () => expect(cpu).toHaveLength(172));

  test("are native, but for a list with reasons", () => {
    expect(cpu.filter((name) => !native.has(name)).sort()).toEqual(Object.keys(LEFT).sort());
  });

  test("with a gradient are native, but for the complex ones", () => {
    const withGradient = cpu.filter((name) => tf.getGradient(name) !== undefined);
    expect(withGradient.length).toBeGreaterThan(80);
    expect(withGradient.filter((name) => !native.has(name) && LEFT[name] !== COMPLEX)).toEqual(
      ["RotateWithOffset"].filter((name) => withGradient.includes(name)),
    );
  });

  test("a kernel's name is registered once", () => expect(native.size).toBe(nativeKernels.length));
});
