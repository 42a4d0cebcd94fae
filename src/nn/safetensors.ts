import { readFileSync } from "node:fs";
import { CheckpointError, readFailure, readMend, writeAtomic } from "../core";
import { decodeFloat16, encodeFloat16 } from "./float16";
import type { StoredTensor } from "./module";
import { type DType, MalformedHeader, parseHeader } from "./safetensors-header";
import { checkTensorsHash, withTensorsHash } from "./tensors-hash";

export interface SafetensorsOptions {
  /** Which tensors are written in half precision (F16, rounded to nearest); all in float32 unless given. */
  readonly half?: (name: string, tensor: StoredTensor) => boolean;
}

/**
 * The bytes of a safetensors file (8-byte header length, JSON header, data); names are sorted, so equal tensors give equal
 * bytes.
 * `hash` adds an entry `blockwise.sha256` over header and data to the metadata, which {@link readSafetensors} checks.
 */
export function encodeSafetensors(
  tensors: Map<string, StoredTensor>,
  metadata: Record<string, string> = {},
  { hash = false, half = () => false }: SafetensorsOptions & { hash?: boolean } = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const name of [...tensors.keys()].sort()) {
    const tensor = tensors.get(name)!;
    const isHalf = half(name, tensor);
    const { buffer, byteOffset, byteLength } = isHalf ? encodeFloat16(tensor.data) : tensor.data;
    header[name] = {
      dtype: isHalf ? "F16" : "F32",
      shape: tensor.shape,
      data_offsets: [offset, offset + byteLength],
    };
    parts.push(new Uint8Array(buffer, byteOffset, byteLength));
    offset += byteLength;
  }
  const data = Buffer.concat(parts, offset);
  const whole = { __metadata__: metadata, ...header };
  const text = Buffer.from(JSON.stringify(hash ? { ...whole, __metadata__: withTensorsHash(whole, data) } : whole));
  // Tensor data starts at a multiple of 8, the header is padded with spaces.
  const headerLength = Math.ceil(text.length / 8) * 8;
  const start = Buffer.alloc(8 + headerLength, " ");
  start.writeBigUInt64LE(BigInt(headerLength), 0);
  text.copy(start, 8);
  return Buffer.concat([start, data]);
}

/** Writes a safetensors file, whole or not at all, with a hash of its content in the metadata. */
export function writeSafetensors(
  path: string,
  tensors: Map<string, StoredTensor>,
  metadata: Record<string, string> = {},
  options: SafetensorsOptions = {},
): void {
  writeAtomic(path, encodeSafetensors(tensors, metadata, { ...options, hash: true }));
}

/**
 * Reads a safetensors file strictly by its format, and checks its hash where it has one. Tensors of fractions come as float32:
 * half precision (F16, BF16) exactly, F64 rounded. Whole numbers and truth values, which no weight is
 * (`num_batches_tracked`), are left out.
 * @returns Metadata without the hash; `verified` tells whether there was one.
 * @throws CheckpointError when the file cannot be read, is truncated or malformed, has a type that is not read (F8, complex), a
 *   value beyond float32, or other content than its hash names; the message names file, tensor and reason.
 */
export function readSafetensors(path: string): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
  verified: boolean;
} {
  const fail = (what: string, cause?: unknown) =>
    new CheckpointError(
      `readSafetensors: ${path}: ${what}; ${readMend(cause, "write the file again or fetch it anew")}`,
      { path },
      { cause },
    );
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw fail(`must be a safetensors file, and ${readFailure(cause)}`, cause);
  }
  try {
    const { json, entries, start } = parseHeader(bytes);
    const data = bytes.subarray(start);
    const { metadata, verified, mismatch } = checkTensorsHash(json, data);
    if (mismatch) throw fail(mismatch);
    const tensors = new Map<string, StoredTensor>();
    for (const { name, dtype, shape, from, to } of entries) {
      if (WHOLE.has(dtype)) continue;
      tensors.set(name, { shape: [...shape], data: floatsOf(name, dtype, data.subarray(from, to)) });
    }
    return { tensors, metadata, verified };
  } catch (error) {
    throw error instanceof MalformedHeader ? fail(error.message, error) : error;
  }
}

/** Types of which no weight is. */
const WHOLE: ReadonlySet<DType> = new Set(["I64", "I32", "I16", "I8", "U64", "U32", "U16", "U8", "BOOL"]);

/** Little-endian numbers of a type as float32. */
function floatsOf(name: string, dtype: DType, given: Uint8Array): Float32Array {
  // A copy: the file's bytes need not lie at a multiple of the numbers' size.
  const { buffer } = Uint8Array.from(given);
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer);
    case "F16":
      return decodeFloat16(new Uint16Array(buffer));
    case "BF16":
      // The upper half of a float32.
      return new Float32Array(Uint32Array.from(new Uint16Array(buffer), (half) => half << 16).buffer);
    case "F64": {
      const doubles = new Float64Array(buffer);
      const floats = Float32Array.from(doubles);
      const beyond = doubles.findIndex((value, i) => Number.isFinite(value) && !Number.isFinite(floats[i]));
      if (beyond < 0) return floats;
      throw new MalformedHeader(
        `tensor "${name}" must fit into float32, and has ${doubles[beyond]} at place ${beyond}`,
      );
    }
    default:
      throw new MalformedHeader(
        `tensor "${name}" must be F32, F16, BF16 or F64, got ${dtype}: save it as one of these (PyTorch: tensor.float())`,
      );
  }
}
