import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { DataError } from "../../src/core";
import { readIdx } from "../../src/data";
import { largestAllocation } from "../fuzz/allocations";
import { idxBytes } from "./idx-file";

const folder = mkdtempSync(join(tmpdir(), "blockwise-idx-"));
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test("what is written as IDX is read back, plain and gzipped", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 1, max: 5 }), fc.boolean(), (count, side, zip) => {
      const values = Uint8Array.from({ length: count * side * side }, (_, i) => (i * 37) % 256);
      const bytes = idxBytes([count, side, side], values);
      const { shape, data } = readIdx(write("round", zip ? gzipSync(bytes) : bytes), 3);
      expect(shape).toEqual([count, side, side]);
      expect([...data]).toEqual([...values]);
    }),
    { numRuns: 30 },
  );
});

test("nothing, and a folder in a file's place, are told by name", () => {
  expect(() => readIdx(join(folder, "none"), 3)).toThrow(/none must exist, and does not/);
  mkdirSync(join(folder, "images.idx"));
  expect(() => readIdx(join(folder, "images.idx"), 3)).toThrow(DataError);
  expect(() => readIdx(join(folder, "images.idx"), 3)).toThrow(
    /images.idx must exist as a file, and is a (folder|directory)/,
  );
  // A file in the place of a folder on the way.
  const file = write("file", new Uint8Array(4));
  expect(() => readIdx(join(file, "labels.idx"), 1)).toThrow(DataError);
});

test("every truncation of a file is an error, plain or gzipped", () => {
  const bytes = idxBytes([2, 3, 3], new Uint8Array(18).fill(7));
  for (const whole of [bytes, gzipSync(bytes)]) {
    for (let length = 0; length < whole.length; length++) {
      const path = write("cut", whole.subarray(0, length));
      expect(() => readIdx(path, 3), `${length} bytes`).toThrow(DataError);
    }
  }
});

test("a truncated file's error says file, expected and given bytes, and what to do", () => {
  const path = write("short", idxBytes([2, 3, 3], new Uint8Array(10)));
  expect(() => readIdx(path, 3)).toThrow(
    `readIdx: ${path} of shape [2,3,3] must have 34 bytes, got 26: it is truncated; fetch the file anew`,
  );
});

test("bytes after the end are an error", () => {
  const path = write("long", idxBytes([2, 3, 3], new Uint8Array(20)));
  expect(() => readIdx(path, 3)).toThrow("must have 34 bytes, got 36: it has bytes after its end");
});

test("a wrong magic number is an error that shows both", () => {
  const labels = write("labels", idxBytes([4], new Uint8Array(4)));
  expect(() => readIdx(labels, 3)).toThrow(
    "must begin with 0x00000803 (IDX, unsigned bytes, 3 dimensions), got 0x00000801",
  );
  const floats = write("floats", idxBytes([4], new Uint8Array(16), 0x0d01));
  expect(() => readIdx(floats, 1)).toThrow("got 0x00000d01");
});

test("an absent file is an error that names it", () => {
  expect(() => readIdx(join(folder, "nowhere"), 1)).toThrow(/nowhere must exist/);
});

test("a gzipped file is unpacked as far as its header says, and no further", async () => {
  const header = idxBytes([2, 4, 4], new Uint8Array(32));
  const bomb = write("bomb", gzipSync(Buffer.concat([header, Buffer.alloc(2 ** 24)])));
  const most = await largestAllocation(() =>
    expect(() => readIdx(bomb, 3)).toThrow(/48 bytes by its header, .*unpacks/),
  );
  expect(most).toBeLessThan(2 ** 23);
  const claims = write("claims", gzipSync(idxBytes([60_000, 280, 280], new Uint8Array(64))));
  expect(() => readIdx(claims, 3)).toThrow(
    /shape \[60000,280,280\] must have 4704000016 bytes, and \d+ gzipped ones can/,
  );
  // What is no IDX file at all is not unpacked, either.
  const other = write("other", gzipSync(Buffer.alloc(2 ** 24)));
  expect(() => readIdx(other, 3)).toThrow(/must begin with/);
});
