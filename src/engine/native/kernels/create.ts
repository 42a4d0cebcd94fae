import { STORED_ROWS, type StoredRowsAttributes } from "../../stored-rows";
import { tf } from "../../tf";
import type { NativeBackend } from "../backend";
import type { KernelCall, NativeKernel } from "./kernel";

type X = { x: tf.TensorInfo };
type NoInputs = Record<string, tf.TensorInfo>;

function filled(native: NativeBackend, shape: number[], value: number | string, dtype: tf.DataType): tf.TensorInfo {
  if (dtype === "string") {
    const encoded = tf.util.encodeString(String(value));
    return native.makeTensorInfo(shape, dtype, new Array(tf.util.sizeFromShape(shape)).fill(encoded));
  }
  if (dtype === "complex64") {
    return native.makeComplex(filled(native, shape, value, "float32"), filled(native, shape, 0, "float32"));
  }
  return native.run("Fill", shape, Number(value), dtype);
}

/** A 53-bit whole number from any seed: tfjs draws fractions where none is given. */
function wholeSeed(seed: number): number {
  return Number.isInteger(seed) ? Math.abs(seed) : Math.floor(Math.abs(seed) * 2 ** 50) % Number.MAX_SAFE_INTEGER;
}

/** Kernels that make tensors from nothing but shapes and numbers. */
export const createKernels: NativeKernel[] = [
  {
    name: tf.Fill,
    compute: ({ native, attrs }: KernelCall<NoInputs, tf.FillAttrs>) =>
      filled(native, attrs.shape, attrs.value, attrs.dtype ?? (typeof attrs.value === "string" ? "string" : "float32")),
  },
  {
    name: tf.ZerosLike,
    anyDtype: true,
    compute: ({ native, inputs: { x } }: KernelCall<X>) =>
      filled(native, x.shape, x.dtype === "string" ? "" : 0, x.dtype),
  },
  {
    name: tf.OnesLike,
    anyDtype: true,
    compute: ({ native, inputs: { x } }: KernelCall<X>) => {
      tf.util.assert(x.dtype !== "string", () => "onesLike is not supported for string tensors");
      return filled(native, x.shape, 1, x.dtype);
    },
  },
  {
    name: tf.Range,
    compute: ({ native, attrs: { start, stop, step, dtype } }: KernelCall<NoInputs, tf.RangeAttrs>) => {
      // The default step of 1 also counts downwards.
      const by = stop < start && step === 1 ? -1 : step;
      const wrongWay = (start < stop && by < 0) || (start > stop && by > 0);
      const count = start === stop || wrongWay ? 0 : Math.abs(Math.ceil((stop - start) / by));
      return native.run("Range", start, by, count, dtype ?? "float32");
    },
  },
  {
    name: STORED_ROWS,
    compute: ({ native, attrs: { bytes, dtype, rows, shape } }: KernelCall<NoInputs, StoredRowsAttributes>) =>
      native.run(STORED_ROWS, bytes, dtype, rows, shape),
  },
  {
    name: tf.LinSpace,
    compute: ({ native, attrs: { start, stop, num } }: KernelCall<NoInputs, tf.LinSpaceAttrs>) =>
      native.run("Range", start, num > 1 ? (stop - start) / (num - 1) : 0, num, "float32"),
  },
  {
    name: tf.Diag,
    compute: ({ native, inputs }: KernelCall<X>) => native.run("Diag", native.handle(inputs.x)),
  },
  {
    name: tf.Multinomial,
    compute: ({ native, inputs, attrs }: KernelCall<{ logits: tf.TensorInfo }, tf.MultinomialAttrs>) => {
      const { logits } = inputs;
      if (attrs.normalized) {
        return native.run("Multinomial", native.handle(logits), attrs.numSamples, wholeSeed(attrs.seed));
      }
      const odds = native.run("Softmax", native.handle(logits), logits.shape.length - 1);
      const drawn = native.run("Multinomial", native.handle(odds), attrs.numSamples, wholeSeed(attrs.seed));
      native.disposeInfo(odds);
      return drawn;
    },
  },
];
