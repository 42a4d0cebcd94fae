import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CheckpointError, isDamage, readJson, readOrSetAside, writeFailure } from "../../src/core";
import { readSafetensors } from "../../src/nn";
import { freshIfForeign } from "../../src/study/run-context";

const failure = (code: string) => Object.assign(new Error(`${code}: it failed`), { code });
const place = () => join(mkdtempSync(join(tmpdir(), "damage-")), "file");
const CODES = ["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EMFILE", "ENFILE", "EIO", "EFBIG", "EWHATEVER"];

describe.each(CODES)("a file that fails by %s", (code) => {
  test("is not damaged by a write that failed", async () => {
    const path = place();
    writeFileSync(path, "good");
    const error = writeFailure(path, failure(code)) as CheckpointError;
    expect(error).toBeInstanceOf(CheckpointError);
    expect(isDamage(error)).toBe(false);
    let tries = 0;
    const work = () => {
      tries++;
      return Promise.reject(error);
    };
    await expect(freshIfForeign(path, {}, work)).rejects.toBe(error);
    expect([tries, readFileSync(path, "utf8")]).toEqual([1, "good"]);
  });

  test("is not damaged by a read that failed, at whatever depth it is told", () => {
    const path = place();
    writeFileSync(path, "good");
    const read = new CheckpointError("it cannot be read", { path }, { cause: failure(code) });
    for (const error of [read, new CheckpointError("no teacher", { path }, { cause: read })]) {
      const reading = () => {
        throw error;
      };
      expect(() => readOrSetAside(path, reading, "it is made anew", {})).toThrow(error);
      expect(readFileSync(path, "utf8")).toBe("good");
    }
  });
});

test("content that is not what it must be is damage, and is kept aside", () => {
  for (const read of [readJson, readSafetensors]) {
    const path = place();
    writeFileSync(path, "{ half");
    const told: string[] = [];
    expect(readOrSetAside(path, () => read(path), "it is made anew", { onWarning: (text) => told.push(text) })).toBe(
      undefined,
    );
    expect([existsSync(path), readFileSync(`${path}.damaged`, "utf8"), told.length]).toEqual([false, "{ half", 1]);
  }
});

test("a folder in place of a file stays", () => {
  const path = place();
  mkdirSync(path);
  expect(() => readOrSetAside(path, () => readJson(path), "it is made anew", {})).toThrow(/is a folder/);
  expect(existsSync(path)).toBe(true);
});
