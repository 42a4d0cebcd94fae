import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lab } from "../../src";
import { writeReport } from "../../src/cli/report/write-report";
import { InterruptedError } from "../../src/core";
import { engine } from "../../src/engine";
import { LABEL_FREE, STAGED } from "../systems/trials/small-trials";
import { inNotebook } from "./recording-host";

const folder = mkdtempSync(join(tmpdir(), "blockwise-lab-trials-"));
const place = (name: string) => join(folder, name);
const told = (search: Awaited<ReturnType<typeof lab.trials>>) =>
  search.result.trials.map(({ seconds: _, ...trial }) => trial);

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("lab.trials", () => {
  it("moves the front in one output below the cell, and gives what the search came to", async () => {
    const file = place("experiment.json");
    writeFileSync(file, JSON.stringify(STAGED));
    await inNotebook(async (host) => {
      const search = await lab.trials(file, { directory: place("whole") });
      const fronts = host.shown.filter(({ bundle }) => /The front after/.test(JSON.stringify(bundle)));
      expect(new Set(fronts.map(({ id }) => id)).size).toBe(1);
      expect(fronts.map(({ update }) => update)).toEqual([false, ...fronts.slice(1).map(() => true)]);
      expect(JSON.stringify(fronts.at(-1)!.bundle)).toContain(`after ${search.result.evaluations} networks`);
      expect(search.best!.macs).toBe(search.result.best!.costs.macs);
      expect(search.table().rows[0][1]).toBeTypeOf("string");
      expect(search.table(100).rows).toHaveLength(search.result.trials.length);
    });
  });

  it("goes on after an interrupt with the trials that it would have had", async () => {
    const whole = await lab.trials(LABEL_FREE, { directory: place("uninterrupted") });
    const directory = place("interrupted");
    await inNotebook(async (host) => {
      const stopped = lab.trials(LABEL_FREE, { directory });
      const journal = join(directory, "search", "search.jsonl");
      while (lines(journal) < 4) await new Promise((done) => setTimeout(done, 5));
      host.controller.abort();
      await expect(stopped).rejects.toThrow(InterruptedError);
    });
    const kept = lines(join(directory, "search", "search.jsonl"));
    expect(kept).toBeLessThan(1 + LABEL_FREE.evaluations);
    expect(told(await lab.trials(LABEL_FREE, { directory }))).toEqual(told(whole));
  });

  it("refuses what is no experiment and options that it does not know", async () => {
    await expect(lab.trials([] as never)).rejects.toThrow(/must be an object/);
    await expect(lab.trials({ system: "econs" })).rejects.toThrow(/system/);
    await expect(lab.trials(STAGED, { folder: "x" } as never)).rejects.toThrow(/directory/);
  });
});

describe("the report of a search trial by trial", () => {
  it("has the choice, every network and their front", async () => {
    const page = readFileSync(await writeReport(place("whole")), "utf8");
    const { best, trials } = JSON.parse(readFileSync(join(place("whole"), "result.json"), "utf8"));
    expect(page).toContain("The choice");
    expect(page).toContain(`${trials.length} networks by validation`);
    expect(page).toContain(best.key);
  });

  it("says what to do about one that has not ended", async () => {
    await inNotebook(async (host) => {
      host.controller.abort();
      await expect(lab.trials(STAGED, { directory: place("begun") })).rejects.toThrow(InterruptedError);
    });
    await expect(writeReport(place("begun"))).rejects.toThrow(/has not ended.*goes on/);
  });
});

function lines(journal: string): number {
  try {
    return readFileSync(journal, "utf8").trim().split("\n").length;
  } catch {
    return 0;
  }
}
