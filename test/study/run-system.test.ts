import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { copyRun } from "../../src/study/copy-run";
import { readRatedRun } from "../../src/study/rated-run";
import { RunDirectory } from "../../src/study/run-directory";
import { tellingProgress } from "../../src/study/run-progress";
import { readRunState } from "../../src/study/run-state";

const folder = mkdtempSync(join(tmpdir(), "blockwise-run-system-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function searched(name: string): Promise<string> {
  const path = join(folder, name);
  const run = RunDirectory.open(path, { system: "econas", seed: 1 });
  await tellingProgress(run, {}, () => run.step("space", () => ({ space: "econas-small" })));
  run.close();
  return path;
}

describe("a run of a system that is not block-wise", () => {
  it("is done when its sitting came to the end, and nothing goes on with it", async () => {
    const { state } = readRunState(await searched("done"), "status");
    expect(state).toMatchObject({ state: "done", resumable: false });
  });

  it("is not made a block-wise one by another experiment of its name, nor a block-wise one made it", async () => {
    const path = await searched("taken");
    expect(() => RunDirectory.open(path, { seed: 1 }, { mayChange: true })).toThrow(
      /must be resumed as it was begun, of the system econas, and the experiment is block-wise; choose another name/,
    );
    const other = RunDirectory.open(join(folder, "block-wise"), { seed: 1 });
    await other.step("teacher", () => ({ accuracy: 0.5 }));
    other.close();
    expect(() => RunDirectory.open(join(folder, "block-wise"), { system: "econas" })).toThrow(
      /as it was begun, block-wise, and the experiment is of the system econas/,
    );
    RunDirectory.open(path, { seed: 1 }, { force: true }).close();
  });

  it("has no ratings, and says so; no run begins from it", async () => {
    const path = await searched("asked");
    expect(() => readRatedRun(path, "search")).toThrow(/search: .* must be a block-wise run, and is one of the system/);
    expect(() => copyRun(path, join(folder, "copy"))).toThrow(/must be a block-wise run/);
    expect(existsSync(join(folder, "copy"))).toBe(false);
  });
});
