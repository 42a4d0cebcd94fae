import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { StudyError } from "../../src/core";
import { Journal, type JournalRecord, replay } from "../../src/study";

const folder = () => mkdtempSync(join(tmpdir(), "journal-"));
const record = fc.record({ step: fc.string(), result: fc.jsonValue() }).map((r) => JSON.parse(JSON.stringify(r)));

describe("journal", () => {
  test("a journal cut at any byte replays the records that were whole, and goes on from there", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 6 }), fc.double({ min: 0, max: 1, noNaN: true }), (records, share) => {
        const path = join(folder(), "journal.jsonl");
        const journal = new Journal(path);
        for (const r of records) journal.append(r as JournalRecord);
        journal.close();
        const bytes = readFileSync(path);
        const cut = Math.round(share * bytes.length);
        const whole = bytes.subarray(0, cut).filter((byte) => byte === 0x0a).length;
        writeFileSync(path, bytes.subarray(0, cut));
        const resumed = new Journal(path);
        expect(resumed.records).toEqual(records.slice(0, whole));
        resumed.append({ step: "next" });
        resumed.close();
        expect(new Journal(path).records).toEqual([...records.slice(0, whole), { step: "next" }]);
      }),
      { numRuns: 60 },
    );
  });

  test("every cut of one journal, byte by byte, replays a prefix", () => {
    const text = ["a", "ü\n", "c"].map((step, i) => `${JSON.stringify({ step, result: { i, text: "✓" } })}\n`).join("");
    const bytes = Buffer.from(text);
    const { records } = replay(bytes);
    expect(records).toHaveLength(3);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const got = replay(bytes.subarray(0, cut)).records;
      expect(got).toEqual(records.slice(0, got.length));
    }
  });

  test("a damaged line that is not the last is an error that names it", () => {
    const bytes = Buffer.from('{"step":"a"}\n{"step":\n{"step":"c"}\n');
    expect(() => replay(bytes)).toThrow(StudyError);
    expect(() => replay(bytes)).toThrow(/line 2/);
    expect(() => replay(Buffer.from('{"no":"step"}\n'))).toThrow(/line 1/);
  });

  test("the last record of a step counts", () => {
    const journal = new Journal(join(folder(), "deep", "journal.jsonl"));
    journal.append({ step: "a", result: 1 });
    journal.append({ step: "a", result: 2 });
    expect(journal.find("a")?.result).toBe(2);
    expect(journal.find("b")).toBeUndefined();
  });
});
