import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InterruptedError, type ProgressEvent, StudyError } from "../../src/core";
import type { Evaluator } from "../../src/evaluate";
import { evolutionSearcher, nsga2Searcher, orderedSearcher, successiveHalving, type ToldTrial } from "../../src/search";
import { nasBench201Cells } from "../../src/space";
import { runSearch } from "../../src/study";

const space = nasBench201Cells();
let folder: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "blockwise-search-"));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

/** Counts digits; NaN where the last is 0. Counts what it evaluates. */
function digits(at: { count: number } = { count: 0 }, stop?: () => void): Evaluator<string, number> {
  return {
    name: "digits",
    fingerprint: "digits",
    async evaluate(key, budget, from = 0) {
      at.count++;
      stop?.();
      const sum = Array.from(key, Number).reduce((total, digit) => total + digit, 0);
      const epochs = budget?.epochs ?? 1;
      return {
        values: { accuracy: key.endsWith("0") ? Number.NaN : sum },
        costs: { epochs: epochs - from },
        state: epochs,
        fingerprint: `${key}/${epochs}`,
      };
    },
  };
}

const OPTIONS = { maximise: "accuracy", seed: 5, population: 6, sample: 3 };
const searcher = () => evolutionSearcher(space, OPTIONS);
const settings = { kind: "evolution", ...OPTIONS };
const words = (told: readonly ToldTrial<string>[]) =>
  told.map(({ trial, outcome }) => [trial, outcome.values, outcome.fingerprint]);

describe("runSearch", () => {
  it("gives the same trials however often it was stopped, and evaluates none twice", async () => {
    const whole = await runSearch(searcher(), digits(), join(folder, "whole"), {
      evaluations: 40,
      parallel: 4,
      settings,
    });
    const at = { count: 0 };
    const place = join(folder, "stopped");
    let told: ToldTrial<string>[] | undefined;
    for (let sitting = 1; told === undefined; sitting++) {
      const stop = new AbortController();
      const evaluator = digits(at, () => at.count >= 9 * sitting && stop.abort());
      try {
        told = await runSearch(
          searcher(),
          evaluator,
          place,
          { evaluations: 40, parallel: 4, settings },
          { signal: stop.signal },
        );
      } catch (error) {
        expect(error).toBeInstanceOf(InterruptedError);
      }
    }
    expect(words(told)).toEqual(words(whole));
    expect(at.count).toBe(40);
    expect(whole.some(({ outcome }) => Number.isNaN(outcome.values.accuracy))).toBe(true);
  });

  it.each([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN])(
    "goes on with the same trials where values and costs are %s",
    async (odd) => {
      const evaluator: Evaluator<string> = {
        name: "odd",
        fingerprint: "odd",
        async evaluate(key) {
          const value = Number(key) % 5 === 0 ? odd : Number(key) % 97;
          return { values: { accuracy: value }, costs: { macs: value }, fingerprint: key };
        },
      };
      const front = () => nsga2Searcher(space, { seed: 1, maximise: ["accuracy"], minimise: ["macs"], population: 6 });
      for (const [name, create] of Object.entries({ searcher, front })) {
        const whole = await runSearch(create(), evaluator, join(folder, `${name}-whole`), {
          evaluations: 60,
          settings,
        });
        const place = join(folder, name);
        await runSearch(create(), evaluator, place, { evaluations: 31, settings });
        const told = await runSearch(create(), evaluator, place, { evaluations: 60, settings });
        expect(told.map(({ trial, outcome }) => [trial.key, outcome.values, outcome.costs])).toEqual(
          whole.map(({ trial, outcome }) => [trial.key, outcome.values, outcome.costs]),
        );
      }
    },
  );

  it.each([undefined, {}, { values: { accuracy: "3" }, costs: {}, fingerprint: "x" }])(
    "refuses an evaluator that gives %j for an outcome, and keeps nothing of it",
    async (given) => {
      const broken = { ...digits(), evaluate: async () => given } as unknown as Evaluator<string, number>;
      const run = (evaluator: Evaluator<string, number>) =>
        runSearch(searcher(), evaluator, folder, { evaluations: 3, settings });
      await expect(run(broken)).rejects.toThrow(/evaluator digits must give \{ values, costs, fingerprint \}/);
      expect(await run(digits())).toHaveLength(3);
    },
  );

  it("goes on beyond its end when more evaluations are asked for", async () => {
    const long = await runSearch(searcher(), digits(), join(folder, "long"), { evaluations: 30, settings });
    const short = join(folder, "short");
    await runSearch(searcher(), digits(), short, { evaluations: 12, settings });
    const at = { count: 0 };
    const more = await runSearch(searcher(), digits(at), short, { evaluations: 30, settings });
    expect(words(more)).toEqual(words(long));
    expect(at.count).toBe(18);
    expect(await runSearch(searcher(), digits(at), short, { evaluations: 12, settings })).toHaveLength(12);
    expect(at.count).toBe(18);
  });

  it("evaluates as many as are wanted, whatever number at a time, and goes on as one that went further at once", async () => {
    const long = await runSearch(searcher(), digits(), join(folder, "long"), {
      evaluations: 30,
      parallel: 4,
      settings,
    });
    const at = { count: 0 };
    const short = join(folder, "short");
    const told = await runSearch(searcher(), digits(at), short, { evaluations: 10, parallel: 4, settings });
    expect([told.length, at.count]).toEqual([10, 10]);
    const more = await runSearch(searcher(), digits(at), short, { evaluations: 30, parallel: 4, settings });
    expect(words(more)).toEqual(words(long));
    expect(at.count).toBe(30);
  });

  it("keeps no outcome that lacks the searcher's value, and goes on once the evaluator has it", async () => {
    const without = { ...digits(), evaluate: async () => ({ values: { loss: 1 }, costs: {}, fingerprint: "x" }) };
    const front = () => nsga2Searcher(space, { seed: 1, maximise: ["accuracy"], minimise: ["epochs"], population: 6 });
    for (const [name, create] of Object.entries({ searcher, front })) {
      const place = join(folder, name);
      const run = (evaluator: Evaluator<string, number>) =>
        runSearch<string, number>(create(), evaluator, place, { evaluations: 3, parallel: 2, settings });
      await expect(run(without as never)).rejects.toThrow(/outcomes must have the value "accuracy", and have loss/);
      expect(readFileSync(join(place, "search.jsonl"), "utf8")).not.toContain("loss");
      expect(await run(digits())).toHaveLength(3);
    }
  });

  it.each([
    [{ predictor: () => 1 }, /settings\.predictor is a function/],
    [{ known: new Map([["a", 1]]) }, /settings\.known is a Map/],
    [{ limit: Number.POSITIVE_INFINITY }, /settings\.limit is Infinity/],
    [["evolution", 5], /settings must be an object of plain data/],
    [() => 1, /settings must be an object of plain data/],
  ])("refuses settings that a journal could not tell from others", async (odd, message) => {
    await expect(runSearch(searcher(), digits(), folder, { evaluations: 3, settings: odd as never })).rejects.toThrow(
      message,
    );
    expect(existsSync(join(folder, "search.jsonl"))).toBe(false);
  });

  it("takes a half-written last line for one that is not there", async () => {
    const whole = await runSearch(searcher(), digits(), folder, { evaluations: 20, settings });
    const file = join(folder, "search.jsonl");
    const text = readFileSync(file, "utf8");
    for (const cut of [1, 40, 300]) {
      writeFileSync(file, text.slice(0, -cut));
      expect(words(await runSearch(searcher(), digits(), folder, { evaluations: 20, settings }))).toEqual(words(whole));
    }
  });

  it("does damaged lines again, and says so", async () => {
    const whole = await runSearch(searcher(), digits(), folder, { evaluations: 20, settings });
    const file = join(folder, "search.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").replace(/"trial":7/, '"trial":8'));
    const warnings: string[] = [];
    const at = { count: 0 };
    const onWarning = (message: string) => warnings.push(message);
    const again = await runSearch(searcher(), digits(at), folder, { evaluations: 20, settings }, { onWarning });
    expect(words(again)).toEqual(words(whole));
    expect(at.count).toBe(1);
    expect(warnings[0]).toMatch(/1 damaged lines/);
  });

  it("hands the state of a smaller budget on, also after it was stopped", async () => {
    const budgets = [{ epochs: 1 }, { epochs: 3 }];
    const halving = () => successiveHalving(space, { maximise: "accuracy", seed: 1, budgets });
    const run = (evaluations: number) => runSearch(halving(), digits(), folder, { evaluations, settings: {} });
    await run(3);
    const told = await run(8);
    expect(told.map(({ outcome }) => outcome.costs.epochs)).toEqual([1, 1, 1, 2, 1, 1, 1, 2]);
  });

  it("tells how far it is and what time is left, from what the journal had", async () => {
    await runSearch(searcher(), digits(), folder, { evaluations: 5, settings });
    const events: ProgressEvent[] = [];
    await runSearch(
      searcher(),
      digits(),
      folder,
      { evaluations: 8, settings },
      { onProgress: (event) => events.push(event) },
    );
    expect(events.map(({ done, total }) => `${done}/${total}`)).toEqual(["6/8", "7/8", "8/8"]);
    expect(events.every(({ remainingMs }) => remainingMs !== undefined)).toBe(true);
  });

  it("ends where the searcher ends", async () => {
    const list = () => orderedSearcher(space, ["000001", "333333"]);
    const told = await runSearch(list(), digits(), folder, { evaluations: 9, parallel: 5, settings: {} });
    expect(told.map(({ trial }) => trial.key)).toEqual(["000001", "333333"]);
  });

  it("refuses the journal of another search, and a searcher that is not the one", async () => {
    await runSearch(searcher(), digits(), folder, { evaluations: 5, settings });
    const other = { ...settings, seed: 6 };
    await expect(runSearch(searcher(), digits(), folder, { evaluations: 5, settings: other })).rejects.toThrow(
      /another one \(settings\.seed: 5, now 6\)/,
    );
    await expect(runSearch(searcher(), digits(), folder, { evaluations: 5, parallel: 2, settings })).rejects.toThrow(
      /another one \(parallel: 1, now 2\)/,
    );
    const another = evolutionSearcher(space, { ...OPTIONS, seed: 7 });
    await expect(runSearch(another, digits(), folder, { evaluations: 5, settings })).rejects.toThrow(StudyError);
    await expect(runSearch(searcher(), digits(), folder, { evaluations: 0, settings })).rejects.toThrow(
      /whole number from 1/,
    );
    await expect(runSearch(searcher(), digits(), folder, { evaluation: 5 } as never)).rejects.toThrow(
      /did you mean evaluations/,
    );
  });

  it("passes on what an evaluator throws, keeps what was evaluated, and can be called again", async () => {
    const at = { count: 0 };
    const failing = digits(at, () => {
      if (at.count === 7) throw new Error("out of memory");
    });
    await expect(runSearch(searcher(), failing, folder, { evaluations: 12, settings })).rejects.toThrow(
      "out of memory",
    );
    const told = await runSearch(searcher(), failing, folder, { evaluations: 12, settings });
    expect(told).toHaveLength(12);
    expect(at.count).toBe(13);
  });
});

describe("a search in a process that is killed", () => {
  const start = (place: string, stopAt: number) => {
    const child = spawn(
      process.execPath,
      [
        resolve("node_modules/tsx/dist/cli.mjs"),
        resolve("test/study/search-child.ts"),
        place,
        "evolution",
        String(stopAt),
      ],
      { stdio: ["ignore", "pipe", "pipe"], detached: true },
    );
    children.push(child);
    let out = "";
    let errors = "";
    child.stdout!.on("data", (data) => (out += data));
    child.stderr!.on("data", (data) => (errors += data));
    const ended = new Promise<void>((done) => child.once("close", () => done()));
    const evaluations = () => out.split("\n").filter((line) => line.startsWith("evaluating"));
    const said = async (count: number) => {
      while (evaluations().length < count) {
        if (child.exitCode !== null) throw new Error(errors);
        await new Promise((done) => child.stdout!.once("data", done));
      }
    };
    return { child, ended, evaluations, said, result: () => out.trim().split("\n").at(-1)!, errors: () => errors };
  };

  it("gives, after kill -9 and the same command, the trials of one that was not", async () => {
    const whole = start(join(folder, "whole"), 0);
    await whole.ended;
    expect(whole.errors()).toBe("");
    const place = join(folder, "killed");
    const first = start(place, 14);
    await first.said(14);
    process.kill(-first.child.pid!, "SIGKILL");
    await first.ended;
    appendFileSync(join(place, "search.jsonl"), '{"step":"trial/99","tri'); // as if it was killed while it wrote
    const second = start(place, 0);
    await second.ended;
    expect(second.errors()).toBe("");
    expect(second.result()).toBe(whole.result());
    // Of the batch that was under way some may have been written: between them they evaluated little twice.
    expect(first.evaluations().length + second.evaluations().length).toBeLessThanOrEqual(30 + 3);
    expect(second.evaluations().length).toBeLessThan(30);
    expect(existsSync(join(place, "lock.json"))).toBe(false);
  });
});
