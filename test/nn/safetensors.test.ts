import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CheckpointError } from "../../src/core";
import { encodeSafetensors, readSafetensors, type StoredTensor, writeSafetensors } from "../../src/nn";

const folder = mkdtempSync(join(tmpdir(), "blockwise-safetensors-"));
const tensor = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 5 }))
  .chain(([rows, columns]) =>
    fc
      .float32Array({ minLength: rows * columns, maxLength: rows * columns, noNaN: true })
      .map((data): StoredTensor => ({ shape: [rows, columns], data })),
  );

describe("safetensors", () => {
  it("reads back what it wrote", () => {
    const path = join(folder, "round.safetensors");
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z.0-9]{1,8}$/), tensor), (record) => {
        const tensors = new Map(Object.entries(record));
        writeSafetensors(path, tensors, { made: "by test" });
        const back = readSafetensors(path);
        expect(new Map([...back.tensors].sort())).toEqual(new Map([...tensors].sort()));
        expect(back.metadata).toEqual({ made: "by test" });
      }),
      { numRuns: 50 },
    );
  });

  it("with a bit flipped in any byte is refused, or says the same", () => {
    const path = join(folder, "flipped.safetensors");
    const tensors = new Map([
      ["a", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
      ["b", { shape: [1], data: Float32Array.of(-1) }],
    ]);
    writeSafetensors(path, tensors, { history: "[0.5]" });
    const whole = readFileSync(path);
    let refused = 0;
    for (let at = 0; at < whole.length; at++) {
      const bytes = Buffer.from(whole);
      bytes[at] ^= 1 << ((5 * at) % 8);
      writeFileSync(path, bytes);
      try {
        const back = readSafetensors(path);
        expect(back.tensors).toEqual(tensors);
        expect(back.metadata).toMatchObject({ history: "[0.5]" });
      } catch (error) {
        if (!(error instanceof CheckpointError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(whole.length * 0.85);
  });

  it("of others, without a hash, is read and known to be unverified", () => {
    const path = join(folder, "foreign.safetensors");
    const tensors = new Map([["a", { shape: [1], data: Float32Array.of(3) }]]);
    writeFileSync(path, encodeSafetensors(tensors));
    expect(readSafetensors(path)).toEqual({ tensors, metadata: {}, verified: false });
    writeSafetensors(path, tensors);
    expect(readSafetensors(path)).toEqual({ tensors, metadata: {}, verified: true });
  });

  it("refuses a file cut off at any byte", () => {
    const path = join(folder, "whole.safetensors");
    writeSafetensors(path, new Map([["a", { shape: [3], data: Float32Array.of(1, 2, 3) }]]));
    const bytes = readFileSync(path);
    const cut = join(folder, "cut.safetensors");
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(cut, bytes.subarray(0, length));
      expect(() => readSafetensors(cut), `${length} bytes`).toThrow(CheckpointError);
    }
  });
});
