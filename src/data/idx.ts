import { existsSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { DataError, decoderReason, readFailure } from "../core";

/** An IDX file of bytes: its dimensions and its values in row-major order. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Third byte of the magic number: unsigned bytes, the only type that image sets use. */
const UNSIGNED_BYTE = 0x08;
const MEND = "fetch the file anew or name another folder with `root`";

/**
 * Reads an IDX file of unsigned bytes, plain or gzipped (by its content, not its name).
 * @param rank Dimensions the file must have: 3 for images `[count, height, width]`, 1 for labels `[count]`.
 * @throws DataError when the file is absent, truncated, too long, not gzip although it says so, or has another magic number.
 */
export function readIdx(path: string, rank: number): IdxArray {
  const bytes = unpack(path, read(path));
  const magic = (UNSIGNED_BYTE << 8) | rank;
  const got = bytes.length >= 4 ? bytes.readUInt32BE(0) : undefined;
  if (got !== magic) {
    const seen = got === undefined ? `${bytes.length} bytes in all` : hexadecimal(got);
    throw new DataError(
      `readIdx: ${path} must begin with ${hexadecimal(magic)} (IDX, unsigned bytes, ${rank} dimensions), got ${seen}; ${MEND}`,
      { path, expected: magic, got },
    );
  }
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes) {
    throw new DataError(
      `readIdx: ${path} must have a header of ${headerBytes} bytes, got ${bytes.length} bytes: it is truncated; ${MEND}`,
      { path, expected: headerBytes, got: bytes.length },
    );
  }
  const shape = Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
  const expected = headerBytes + shape.reduce((product, n) => product * n, 1);
  if (bytes.length !== expected) {
    const what = bytes.length < expected ? "is truncated" : "has bytes after its end";
    throw new DataError(
      `readIdx: ${path} of shape [${shape}] must have ${expected} bytes, got ${bytes.length}: it ${what}; ${MEND}`,
      { path, expected, got: bytes.length, shape },
    );
  }
  return { shape, data: new Uint8Array(bytes.buffer, bytes.byteOffset + headerBytes, expected - headerBytes) };
}

function read(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const what = existsSync(path) ? `must exist as a file, and ${readFailure(cause)}` : "must exist, and does not";
    throw new DataError(`readIdx: ${path} ${what}; ${MEND}`, { path, byUser: !existsSync(path) }, { cause });
  }
}

function unpack(path: string, bytes: Buffer): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return gunzipSync(bytes);
  } catch (cause) {
    throw new DataError(
      `readIdx: ${path} must be a whole gzip file, got ${bytes.length} bytes that do not unpack (${decoderReason(cause)}): it is truncated or damaged; ${MEND}`,
      { path, got: bytes.length },
      { cause },
    );
  }
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
