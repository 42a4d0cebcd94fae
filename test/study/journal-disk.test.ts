import { mkdtempSync, readFileSync, renameSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CheckpointError, StudyError } from "../../src/core";
import { Journal, replay } from "../../src/study";
import { canMount, smallDisk } from "../core/small-disk";

const folder = () => mkdtempSync(join(tmpdir(), "journal-"));
const records = [
  { step: "teacher", result: { accuracy: 0.8125, epochs: [1, 2] } },
  { step: "space", result: { blocks: 2, name: "ü" } },
  { step: "rate/block0", result: { best: 0.25 } },
];

function written(): { path: string; bytes: Buffer } {
  const path = join(folder(), "journal.jsonl");
  const journal = new Journal(path);
  for (const record of records) journal.append(record);
  journal.close();
  return { path, bytes: readFileSync(path) };
}

describe("a journal's lines", () => {
  test("with any bit flipped give what was recorded, or are dropped", () => {
    const { bytes } = written();
    const known = records.map((record) => JSON.stringify(record));
    let noticed = 0;
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const bad = Buffer.from(bytes);
      bad[bit >> 3] ^= 1 << (bit & 7);
      try {
        const got = replay(bad).records.map(({ step, result }) => JSON.stringify({ step, result }));
        // Only a torn end, or a hash under another name in the first line, is no damage.
        expect(got).toEqual(known.slice(0, got.length));
        if (got.length < known.length) noticed++;
      } catch (error) {
        if (!(error instanceof StudyError)) throw error;
        noticed++;
      }
    }
    expect(noticed).toBeGreaterThan(bytes.length * 8 * 0.95);
  });

  test("that are damaged are dropped when it is opened, with a copy of the file as it was", () => {
    const { path, bytes } = written();
    const bad = Buffer.from(String(bytes).replace('"blocks":2', '"blocks":3'));
    writeFileSync(path, bad);
    expect(() => replay(bad, path)).toThrow(
      /line 2 of .* has other content than its sha256 names.*does that step anew/,
    );
    const journal = new Journal(path);
    expect(journal.damaged).toEqual([
      { line: 2, text: expect.stringContaining('"blocks":3'), met: "has other content than its sha256 names" },
    ]);
    expect(journal.records).toEqual([records[0], records[2]]);
    journal.append({ step: "space", result: 1 });
    journal.close();
    expect(readFileSync(`${path}.damaged`).equals(bad)).toBe(true);
    expect(new Journal(path).records).toEqual([records[0], records[2], { step: "space", result: 1 }]);
  });

  test("without hashes, of an older version, are read, and new ones are added with them", () => {
    const path = join(folder(), "journal.jsonl");
    writeFileSync(path, records.map((record) => `${JSON.stringify(record)}\n`).join(""));
    const journal = new Journal(path);
    journal.append({ step: "more" });
    journal.close();
    expect(new Journal(path).records).toEqual([...records, { step: "more" }]);
    // A line that loses its hash after others had one is damaged.
    writeFileSync(path, `${readFileSync(path, "utf8")}{"step":"forged"}\n`);
    expect(new Journal(path).damaged).toMatchObject([{ line: 5, met: "has lost its sha256" }]);
  });

  test.each([
    ["an empty file", Buffer.alloc(0), 0],
    ["another program's file", Buffer.from([0x1f, 0x8b, 0x0a, 0xff, 0x00, 0x0a]), 2],
    ["null, a list and a text", Buffer.from('null\n[]\n"step"\n'), 3],
  ])("of %s are none", (_, bytes, damaged) => {
    const path = join(folder(), "journal.jsonl");
    writeFileSync(path, bytes);
    const journal = new Journal(path);
    expect(journal.records).toEqual([]);
    expect(journal.damaged).toHaveLength(damaged);
    journal.close();
  });
});

test("a journal that was deleted or replaced while it is open is noticed", () => {
  for (const change of [
    (path: string) => rmSync(join(path, ".."), { recursive: true }),
    (path: string) => {
      renameSync(path, `${path}.moved`);
      writeFileSync(path, "");
    },
  ]) {
    const path = join(folder(), "journal.jsonl");
    const journal = new Journal(path);
    journal.append({ step: "a" });
    change(path);
    expect(() => journal.append({ step: "b" })).toThrow(/must stay where it is .*(deleted|replaced by another file)/);
    journal.close();
  }
});

describe.runIf(canMount)("on a full disk", () => {
  test("a line is written whole or not at all, on disks of twenty sizes; with more space the journal goes on", () => {
    for (let i = 0; i < 20; i++) {
      const disk = smallDisk(Math.round((64 * 1024 * 80 ** (i / 19)) / 4096) * 4096)!;
      try {
        const path = join(disk.path, "journal.jsonl");
        const journal = new Journal(path);
        const result = "x".repeat(20_000 + 7000 * i);
        let whole = 0;
        const fill = () => {
          for (;;) journal.append({ step: `step${whole}`, result: result.slice(whole % 1000) }) ?? whole++;
        };
        expect(fill).toThrow(CheckpointError);
        expect(fill).toThrow(
          /journal\.jsonl must be written, and the disk is full \(ENOSPC\); free space and run the same/,
        );
        expect(journal.records).toHaveLength(whole);
        expect(replay(readFileSync(path)).records).toEqual(journal.records);
        expect(readFileSync(path).at(-1)).toBe(0x0a);
        disk.resize(16 * 1024 * 1024);
        journal.append({ step: "after" });
        journal.close();
        const again = new Journal(path);
        expect(again.damaged).toEqual([]);
        expect(again.records).toHaveLength(whole + 1);
        again.close();
        expect(statfsSync(disk.path).bavail).toBeGreaterThan(0);
      } finally {
        disk.unmount();
      }
    }
  });
});
