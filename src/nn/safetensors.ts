import { readFileSync } from "node:fs";
import { CheckpointError, writeAtomic } from "../core";
import type { StoredTensor } from "./module";

/** Longest header that the format allows. */
const MAX_HEADER_BYTES = 100_000_000;

interface Entry {
  dtype: string;
  shape: number[];
  data_offsets: [number, number];
}

/** The bytes of a safetensors file (8-byte header length, JSON header, float32 data); names are sorted, so equal tensors give equal bytes. */
export function encodeSafetensors(
  tensors: Map<string, StoredTensor>,
  metadata: Record<string, string> = {},
): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata };
  const names = [...tensors.keys()].sort();
  let offset = 0;
  for (const name of names) {
    const { shape, data } = tensors.get(name)!;
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + data.byteLength] };
    offset += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  // Tensor data starts at a multiple of 8, the header is padded with spaces.
  const headerLength = Math.ceil(text.length / 8) * 8;
  const bytes = Buffer.alloc(8 + headerLength + offset, " ");
  bytes.writeBigUInt64LE(BigInt(headerLength), 0);
  text.copy(bytes, 8);
  let at = 8 + headerLength;
  for (const name of names) {
    const { data } = tensors.get(name)!;
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/** Writes a safetensors file, whole or not at all. */
export function writeSafetensors(
  path: string,
  tensors: Map<string, StoredTensor>,
  metadata: Record<string, string> = {},
): void {
  writeAtomic(path, encodeSafetensors(tensors, metadata));
}

/**
 * Reads the float32 tensors of a safetensors file.
 * @param options.ignore Tells tensors to leave out, whatever their data type.
 * @throws CheckpointError when the file is truncated, malformed or of another data type.
 */
export function readSafetensors(
  path: string,
  { ignore = () => false }: { ignore?: (name: string) => boolean } = {},
): {
  tensors: Map<string, StoredTensor>;
  metadata: Record<string, string>;
} {
  const bytes = readFileSync(path);
  const fail = (what: string, cause?: unknown) =>
    new CheckpointError(
      `readSafetensors: ${path}: ${what}; write the file again or fetch it anew`,
      { path },
      { cause },
    );
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
  const { __metadata__: metadata = {}, ...entries } = header as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  const start = 8 + headerLength;
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
  return { tensors, metadata };
}
