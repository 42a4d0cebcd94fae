import { readFileSync } from "node:fs";
import { CheckpointError, readFailure, writeAtomic } from "../core";
import type { StoredTensor } from "./module";
import { checkTensorsHash, withTensorsHash } from "./tensors-hash";

/** Longest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/**
 * The bytes of a safetensors file (8-byte header length, JSON header, float32 data); names are sorted, so equal tensors give
 * equal bytes.
 * @param options.hash Adds an entry `sha256` over header and data to the metadata, which {@link readSafetensors} checks.
 */
export function encodeSafetensors(
  tensors: Map<string, StoredTensor>,
  metadata: Record<string, string> = {},
  { hash = false }: { hash?: boolean } = {},
): Uint8Array {
  const header: Record<string, unknown> = {};
  const names = [...tensors.keys()].sort();
  let offset = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const data = Buffer.alloc(offset);
  let at = 0;
  for (const name of names) {
    const { data: values } = tensors.get(name)!;
    data.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
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
): void {
  writeAtomic(path, encodeSafetensors(tensors, metadata, { hash: true }));
}

/**
 * Reads the float32 tensors of a safetensors file, and checks its hash where it has one.
 * @param options.ignore Tells tensors to leave out, whatever their data type.
 * @returns Metadata without the hash; `verified` tells whether there was one.
 * @throws CheckpointError when the file cannot be read, is truncated, malformed or of another data type, or has other content
 *   than its hash names.
 */
export function readSafetensors(
  path: string,
  { ignore = () => false }: { ignore?: (name: string) => boolean } = {},
): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
  verified: boolean;
} {
  const fail = (what: string, cause?: unknown) =>
    new CheckpointError(
      `readSafetensors: ${path}: ${what}; write the file again or fetch it anew`,
      { path },
      { cause },
    );
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    throw fail(`must be a safetensors file, and ${readFailure(cause)}`, cause);
  }
  if (bytes.length < 8) throw fail(`must begin with an 8-byte header length, got ${bytes.length} bytes`);
  const headerLength = Number(bytes.readBigUInt64LE(0));
  if (headerLength > MAX_HEADER_BYTES || 8 + headerLength > bytes.length) {
    throw fail(`header of ${headerLength} bytes does not fit into a file of ${bytes.length} bytes`);
  }
  let header: Record<string, Entry>;
  try {
    header = JSON.parse(bytes.toString("utf8", 8, 8 + headerLength));
  } catch (cause) {
    throw fail("header must be JSON", cause);
  }
  if (typeof header !== "object" || header === null) throw fail("header must be an object");
  const { __metadata__: _, ...entries } = header;
  const start = 8 + headerLength;
  const { metadata, verified, mismatch } = checkTensorsHash(header as never, bytes.subarray(start));
  if (mismatch) throw fail(mismatch);
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    if (ignore(name)) continue;
    const { dtype, shape, data_offsets: offsets } = entry;
    if (dtype !== "F32") throw fail(`tensor "${name}" must be F32, got ${dtype}`);
    if (!Array.isArray(shape) || !Array.isArray(offsets))
      throw fail(`tensor "${name}" must have shape and data_offsets`);
    const [from, to] = offsets;
    const size = shape.reduce((product, n) => product * n, 1) * 4;
    if (!(from >= 0) || to - from !== size || start + to > bytes.length) {
      throw fail(`tensor "${name}" of shape [${shape}] needs ${size} bytes, bytes ${from}..${to} are given or missing`);
    }
    const copy = new Uint8Array(size);
    copy.set(bytes.subarray(start + from, start + to));
    tensors.set(name, { shape, data: new Float32Array(copy.buffer) });
  }
  return { tensors, metadata, verified };
}
