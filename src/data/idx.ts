import { existsSync, readFileSync } from "node:fs";
import { constants, gunzipSync } from "node:zlib";
import { DataError, decoderReason, readFailure } from "../core";

/** An IDX file of bytes: its dimensions and its values in row-major order. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Third byte of the magic number: unsigned bytes, the only type that image sets use. */
const UNSIGNED_BYTE = 0x08;
/** Gzipped bytes in which a header is looked for: names in front of the data may be long. */
const HEAD_BYTES = 4096;
/** Bytes that one gzipped byte can stand for at most. */
const MOST_PACKED = 1032;
/** As many as Node.js reads of a plain file. */
const MOST_BYTES = 2 ** 31 - 1;
const MEND = "fetch the file anew or name another folder with `root`";

/**
 * Reads an IDX file of unsigned bytes, plain or gzipped (by its content, not its name).
 * @param rank Dimensions the file must have: 3 for images `[count, height, width]`, 1 for labels `[count]`.
 * A gzipped file is unpacked as far as its header says it has values, and no further.
 * @throws DataError when the file is absent, truncated, too long, not gzip although it says so, or has another magic number.
 */
export function readIdx(path: string, rank: number): IdxArray {
  const bytes = unpack(path, read(path), rank);
  const magic = (UNSIGNED_BYTE << 8) | rank;
  const got = bytes.length >= 4 ? bytes.readUInt32BE(0) : undefined;
  if (got !== magic) {
    const seen = got === undefined ? `${bytes.length} bytes in all` : hexadecimal(got);
    throw new DataError(
      `readIdx: ${path} must begin with ${hexadecimal(magic)} (IDX, unsigned bytes, ${rank} dimensions), got ${seen}; ${MEND}`,
      { path, expected: magic, got },
    );
  }
  const headerBytes = headerOf(rank);
  if (bytes.length < headerBytes) {
    throw new DataError(
      `readIdx: ${path} must have a header of ${headerBytes} bytes, got ${bytes.length} bytes: it is truncated; ${MEND}`,
      { path, expected: headerBytes, got: bytes.length },
    );
  }
  const shape = shapeIn(bytes, rank);
  const expected = sizeOf(shape);
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

const headerOf = (rank: number) => 4 + 4 * rank;
const shapeIn = (bytes: Buffer, rank: number) => Array.from({ length: rank }, (_, i) => bytes.readUInt32BE(4 + 4 * i));
const sizeOf = (shape: readonly number[]) => headerOf(shape.length) + shape.reduce((product, n) => product * n, 1);

/** A gzipped file unpacked; of one whose header is none, what shows that. @throws DataError for what has another size than it says. */
function unpack(path: string, bytes: Buffer, rank: number): Buffer {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const unpacked = (most: number, given = bytes, options = {}) => {
    try {
      return gunzipSync(given, { maxOutputLength: most, ...options });
    } catch (cause) {
      const tooLong = (cause as NodeJS.ErrnoException).code === "ERR_BUFFER_TOO_LARGE";
      throw new DataError(
        tooLong
          ? `readIdx: ${path} must have ${most} bytes by its header, and unpacks to more: it has bytes after its end; ${MEND}`
          : `readIdx: ${path} must be a whole gzip file, got ${bytes.length} bytes that do not unpack (${decoderReason(cause)}): it is truncated or damaged; ${MEND}`,
        { path, got: bytes.length },
        { cause },
      );
    }
  };
  const first = bytes.subarray(0, HEAD_BYTES);
  const head = unpacked(MOST_PACKED * HEAD_BYTES, first, { finishFlush: constants.Z_SYNC_FLUSH });
  if (head.length < headerOf(rank) || head.readUInt32BE(0) !== ((UNSIGNED_BYTE << 8) | rank)) return head;
  const shape = shapeIn(head, rank);
  const size = sizeOf(shape);
  const most = Math.min(MOST_BYTES, MOST_PACKED * bytes.length);
  if (size <= most) return unpacked(size);
  throw new DataError(
    `readIdx: ${path} of shape [${shape}] must have ${size} bytes, and ${bytes.length} gzipped ones can give ${most} at most: it is truncated, or no set of images; ${MEND}`,
    { path, expected: size, most, shape },
  );
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16).padStart(8, "0")}`;
}
