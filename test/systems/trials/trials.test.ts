import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { RunDirectory } from "../../../src/study";
import { POCKETNET_SETTINGS, parsePocketNet } from "../../../src/systems/pocketnet";
import { parseTrialConfig, TRIAL_DEFAULTS, type TrialResult } from "../../../src/systems/trials";
import { LABEL_FREE, STAGED, search } from "./small-trials";

const folder = mkdtempSync(join(tmpdir(), "blockwise-trials-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All but how long it took. */
const words = ({ trials, best, ...rest }: TrialResult) => ({
  ...rest,
  best: best && { ...best, seconds: 0 },
  trials: trials.map(({ seconds: _, ...trial }) => trial),
});

function killed(place: string, which: string, last: number): Promise<NodeJS.Signals | null> {
  const script = resolve("test/systems/trials/trials-child.ts");
  const child = spawn(process.execPath, ["--import", "tsx", script, place, which, String(last)]);
  let error = "";
  child.stderr.on("data", (text) => (error += text));
  child.stdout.once("data", () => child.kill("SIGKILL"));
  return new Promise((done, failed) =>
    child.on("close", () => (error ? failed(new Error(error)) : done(child.signalCode))),
  );
}

describe("a search of an experiment file", () => {
  it.each([
    ["label-free", LABEL_FREE, 6],
    ["staged", STAGED, 4],
  ] as const)(
    "%s: killed, it goes on with the same trials and evaluates none twice",
    async (which, experiment, last) => {
      const whole = await search(join(folder, `${which}-whole`), experiment);
      const place = join(folder, which);
      expect(await killed(place, which, last)).toBe("SIGKILL");
      const journal = () => readFileSync(join(place, "search", "search.jsonl"), "utf8");
      const before = journal();
      expect(before.trim().split("\n").length).toBeGreaterThanOrEqual(last);
      expect(words(await search(place, experiment))).toEqual(words(whole));
      expect(journal().startsWith(before)).toBe(true);
      expect(existsSync(join(place, "result.json"))).toBe(true);
    },
    180_000,
  );

  it("goes on beyond its end with more evaluations, refuses another search, and with force begins anew", async () => {
    const place = join(folder, "more");
    const few = await search(place, { ...LABEL_FREE, evaluations: 3 } as unknown as typeof LABEL_FREE);
    const more = await search(place, { ...LABEL_FREE, evaluations: 5 } as unknown as typeof LABEL_FREE);
    expect(words(more).trials.slice(0, 3)).toEqual(words(few).trials);
    // What was asked for last is what the command that status names goes on to.
    expect(JSON.parse(readFileSync(join(place, "experiment.json"), "utf8"))).toMatchObject({ evaluations: 5 });
    const other = { ...LABEL_FREE, seed: 2 } as unknown as typeof LABEL_FREE;
    await expect(search(place, other)).rejects.toThrow(/must be resumed with its own configuration.*seed/s);
    RunDirectory.open(place, {}, { force: true }).close();
    expect(existsSync(join(place, "search")) ? readdirSync(join(place, "search")) : []).toEqual([]);
  });
});

describe("an experiment that searches trial by trial", () => {
  it("has its system's recipe where it says nothing", () => {
    for (const [system, defaults] of Object.entries(TRIAL_DEFAULTS)) {
      expect(parseTrialConfig({ system })).toMatchObject({ system, seed: 1, ...defaults });
    }
  });

  it.each([
    [{ system: "csnas", evaluation: 3 }, /"evaluation": perhaps "evaluations" is meant/],
    [{ system: "csnas", searcher: { kind: "tpe", initail: 3 } }, /initail/],
    [{ system: "csnas", searcher: { kind: "bayes" } }, /searcher/],
    [{ system: "econas", evaluator: { kind: "trained-accuracy", epochs: 2 } }, /with a proxy/],
    [{ system: "econas", evaluator: { kind: "trained-accuracy", epochs: 2, proxy: "c2" } }, /must be named by its/],
    [{ system: "econas", evaluator: { kind: "trained-accuracy", epochs: 2, proxy: "c2r2s0e2" } }, /3 stages/],
    [{ system: "csnas", evaluations: 0 }, /evaluations/],
    [{ system: "cnas" }, /system/],
  ])("refuses %j and says where", (experiment, message) => {
    expect(() => parseTrialConfig(experiment)).toThrow(message);
  });

  it("of PocketNet has the study's settings where it says nothing, and refuses others by name", () => {
    expect(parsePocketNet({ system: "pocketnet" }).settings).toEqual(POCKETNET_SETTINGS);
    expect(parsePocketNet({ system: "pocketnet", search: { order: 2 } }).settings.search.order).toBe(2);
    expect(() => parsePocketNet({ system: "pocketnet", training: { epoch: 2 } })).toThrow(/perhaps "epochs" is meant/);
    expect(() => parsePocketNet({ system: "pocketnet", search: { order: 3 } })).toThrow(/order/);
  });

  it.each(["csnas", "econas"])("experiments/%s.json is one", (name) => {
    const experiment = JSON.parse(readFileSync(resolve(`experiments/${name}.json`), "utf8"));
    expect(parseTrialConfig(experiment).system).toBe(name);
  });

  it("experiments/pocketnet.json is one", () => {
    const experiment = JSON.parse(readFileSync(resolve("experiments/pocketnet.json"), "utf8"));
    expect(parsePocketNet(experiment).settings.seeds).toEqual([1]);
  });
});
