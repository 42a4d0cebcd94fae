import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import {
  CheckpointError,
  checkHash,
  contentHash,
  readHashedJson,
  readJson,
  readJsonAs,
  withHash,
  writeJson,
} from "../../src/core";

const folder = mkdtempSync(join(tmpdir(), "json-file-"));
const file = join(folder, "file.json");
const record = {
  name: "ratings",
  candidates: [
    { path: [0, 2], score: 0.123456789 },
    { path: [1], score: -0 },
  ],
  é: null,
};

function checked(bytes: Buffer) {
  try {
    return checkHash(JSON.parse(bytes.toString("utf8")));
  } catch {
    return undefined;
  }
}

describe("a JSON file of ours", () => {
  test("ends with a hash of its content, which reading takes out again", () => {
    writeJson(file, record);
    expect(Object.keys(JSON.parse(readFileSync(file, "utf8"))).at(-1)).toBe("sha256");
    expect(readJson(file)).toEqual(JSON.parse(JSON.stringify(record)));
    expect(readHashedJson(file).verified).toBe(true);
  });

  test("keeps its hash when it is formatted anew, with keys in another order", () => {
    writeJson(file, record);
    const { name, ...others } = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...others, name }));
    expect(readHashedJson(file).verified).toBe(true);
  });

  test("with any bit flipped is refused, or says the same", () => {
    const text = JSON.stringify(withHash(record));
    const whole = Buffer.from(text);
    const known = Object.keys(JSON.parse(text));
    let refused = 0;
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      const { value, mismatch } = checked(bytes) ?? { mismatch: {} };
      if (mismatch) refused++;
      else {
        // Only the name of the hash itself may change: an additional member.
        const content = Object.entries(value as object).filter(([key]) => known.includes(key));
        expect(contentHash(Object.fromEntries(content))).toBe(contentHash(record));
      }
    }
    expect(refused).toBeGreaterThan(whole.length * 8 * 0.8);
  });

  test("whatever is written is read back, and equal content has an equal hash", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const { sha256: _, ...plain } = value as Record<string, unknown>;
        writeJson(file, plain);
        expect(contentHash(readJson(file))).toBe(contentHash(plain));
      }),
      { numRuns: 30 },
    );
  });

  test("of an older version, without a hash, is read and known to be unverified", () => {
    writeFileSync(file, JSON.stringify(record));
    expect(readHashedJson(file)).toEqual({ value: JSON.parse(JSON.stringify(record)), verified: false });
  });

  test("that was changed by hand says how to keep the change", () => {
    writeJson(file, record);
    writeFileSync(file, readFileSync(file, "utf8").replace("0.123456789", "0.9"));
    expect(() => readJson(file, { what: "ratings", mend: "rate again" })).toThrow(
      /file\.json must be ratings, and its content must have SHA-256 .* got .* changed by hand \(then delete its member "sha256"\); rate again/,
    );
  });

  test.each([
    ["missing", () => join(folder, "missing.json"), /must be a table, and does not exist; make one/],
    ["below a file", () => join(file, "deeper.json"), /does not exist: a part of the path is a file/],
    ["a folder", () => folder, /is a folder; name a file in it, or make one/],
    ["empty", "", /is empty; make one/],
    ["binary", Buffer.from([0, 255, 1, 2, 200]), /is no JSON/],
    ["cut", '{"n": ', /is no JSON/],
    ["null", "null", /must be a table, and is not \(.*object.*\); make one/],
    ["{}", "{}", /is not \(n: .*\)/],
    ["a list", "[]", /is not/],
  ])("that is %s is refused with path and remedy", (_, content, message) => {
    const path = typeof content === "function" ? content() : file;
    if (typeof content !== "function") writeFileSync(file, content);
    mkdirSync(folder, { recursive: true });
    const read = () => readJsonAs(path, z.object({ n: z.number() }), { what: "a table", mend: "make one" });
    expect(read).toThrow(CheckpointError);
    expect(read).toThrow(message);
    expect(read).toThrow(path);
  });
});
