import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { StudyError } from "../../src/core";
import type { Evaluator } from "../../src/evaluate";
import { withKeptOutcomes } from "../../src/study";

const folder = mkdtempSync(join(tmpdir(), "blockwise-kept-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The length of a text; of an empty one NaN. */
function lengths(calls: string[], fingerprint = "lengths"): Evaluator<string, never> {
  return {
    name: "lengths",
    fingerprint,
    async evaluate(text) {
      calls.push(text);
      return {
        values: { validation: text === "" ? Number.NaN : text.length },
        costs: { macs: 3 },
        fingerprint: `${fingerprint}/${text}`,
      };
    },
  };
}
/** Capitals are the same. */
const space = { key: (text: string) => text.toLowerCase() };

describe("withKeptOutcomes", () => {
  it("evaluates nothing twice, in one call or in another, and gives the same outcomes, NaN too", async () => {
    const place = join(folder, "twice");
    const calls: string[] = [];
    const all = () =>
      withKeptOutcomes(lengths(calls), space, place, async (kept) => {
        const outcomes = [];
        for (const text of ["abc", "ABC", "", "de"]) outcomes.push(await kept.evaluate(text));
        return outcomes;
      });
    const once = await all();
    expect(once.map(({ values }) => values.validation)).toEqual([3, 3, Number.NaN, 2]);
    expect(await all()).toEqual(once);
    expect(calls).toEqual(["abc", "", "de"]);
  });

  it("evaluates again what a kill has torn or what was damaged, and says so", async () => {
    const place = join(folder, "torn");
    const calls: string[] = [];
    const warnings: string[] = [];
    const of = (text: string) =>
      withKeptOutcomes(lengths(calls), space, place, (kept) => kept.evaluate(text), {
        onWarning: (message) => warnings.push(message),
      });
    const whole = await of("abc");
    const path = join(place, "outcomes.jsonl");
    const lines = readFileSync(path, "utf8").split("\n");
    appendFileSync(path, '{"step":"outcome/de","val');
    await of("de");
    expect(warnings).toEqual([]);
    appendFileSync(path, `${lines[1].replace("outcome/abc", "outcome/xyz")}\n`);
    await of("xyz");
    expect(warnings).toEqual([expect.stringContaining("1 damaged lines")]);
    expect(calls).toEqual(["abc", "de", "xyz"]);
    expect(await of("abc")).toEqual(whole);
  });

  it("refuses a folder of another evaluator, and one that another call works in", async () => {
    const place = join(folder, "other");
    await withKeptOutcomes(lengths([]), space, place, (kept) => kept.evaluate("a"));
    const other = withKeptOutcomes(lengths([], "another seed"), space, place, (kept) => kept.evaluate("a"));
    await expect(other).rejects.toThrow(/must have outcomes of the evaluator lengths.*and has those of another/);
    await withKeptOutcomes(lengths([]), space, place, async () => {
      const second = withKeptOutcomes(lengths([]), space, place, (kept) => kept.evaluate("a"));
      await expect(second).rejects.toBeInstanceOf(StudyError);
    });
  });

  it("keeps nothing of an evaluation that failed", async () => {
    const place = join(folder, "failed");
    const failing: Evaluator<string, never> = {
      ...lengths([]),
      evaluate: async () => {
        throw new Error("out of memory");
      },
    };
    await expect(withKeptOutcomes(failing, space, place, (kept) => kept.evaluate("a"))).rejects.toThrow(
      "out of memory",
    );
    const calls: string[] = [];
    await withKeptOutcomes(lengths(calls), space, place, (kept) => kept.evaluate("a"));
    expect(calls).toEqual(["a"]);
  });
});
