import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { parseConfig } from "../../src/core/parse-config";
import {
  adoptPlan,
  completeResult,
  placed,
  planSteps,
  type RunContext,
  RunDirectory,
  sweepRuns,
  type WantedPlan,
} from "../../src/study";

/** A system of two steps that is no search: what `study` does for DNA it does for any. */
const schema = z.strictObject({
  seed: z.int(),
  name: z.string().optional(),
  threads: z.int().optional(),
  draw: z.strictObject({ count: z.int().min(1) }),
  join: z.strictObject({ by: z.enum(["sum", "product"]).default("sum") }).prefault({}),
});
type Config = z.output<typeof schema>;

const parse = (written: unknown, where: string): Config =>
  parseConfig(schema, written, { where, what: "an experiment of draws" });

function wantedPlan({ seed, draw, join }: Config): WantedPlan {
  const plan = planSteps([
    { name: "draw", family: "draws", reads: { seed, ...placed("draw", draw) } },
    { name: "join", family: "result", reads: placed("join", join), after: ["draw"] },
  ]);
  return { plan, planOf: async (before) => wantedPlan(parse(before, "before")).plan };
}

function systemOf(done: string[]) {
  return {
    parse,
    prepare: async () => undefined,
    async run(config: Config, run: RunDirectory, { onNote }: RunContext): Promise<number> {
      const wanted = wantedPlan(config);
      const complete = await completeResult<number>(run, "join", wanted);
      if (complete !== undefined) return complete;
      await adoptPlan(run, wanted, (text) => onNote?.(text));
      const drawn = await run.step("draw", () => {
        done.push(`draw ${config.seed}`);
        return Array.from({ length: config.draw.count }, (_, i) => config.seed + i);
      });
      return run.step("join", () => {
        done.push(`join ${config.seed} ${config.join.by}`);
        return config.join.by === "sum" ? drawn.reduce((a, b) => a + b, 0) : drawn.reduce((a, b) => a * b, 1);
      });
    },
  };
}

it("sweeps any system: steps that combinations of one seed share are done once, and nothing is done again", async () => {
  const directory = mkdtempSync(join(tmpdir(), "sweep-any-"));
  const done: string[] = [];
  const sweep = () =>
    sweepRuns(
      systemOf(done),
      { draw: { count: 3 } },
      { seeds: [1, 2], settings: { "join.by": ["sum", "product"] } },
      { directory, threads: 1 },
    );
  const runs = await sweep();
  expect(runs.map(({ name, outcome }) => [name, outcome])).toEqual([
    ["join.by-sum-seed1", 6],
    ["join.by-product-seed1", 6],
    ["join.by-sum-seed2", 9],
    ["join.by-product-seed2", 24],
  ]);
  expect(done).toEqual(["draw 1", "join 1 sum", "join 1 product", "draw 2", "join 2 sum", "join 2 product"]);
  expect((await sweep()).map(({ outcome }) => outcome)).toEqual([6, 6, 9, 24]);
  expect(done).toHaveLength(6);
});

it("a run with another configuration does again what reads what changed, and says why", async () => {
  const directory = join(mkdtempSync(join(tmpdir(), "adopt-any-")), "run");
  const done: string[] = [];
  const notes: string[] = [];
  const runOf = async (config: Config) => {
    const run = RunDirectory.open(directory, config, { mayChange: true });
    try {
      return await systemOf(done).run(config, run, { onNote: (text) => void notes.push(text) });
    } finally {
      run.close();
    }
  };
  expect(await runOf(parse({ seed: 1, draw: { count: 2 } }, "first"))).toBe(3);
  expect(await runOf(parse({ seed: 1, draw: { count: 2 }, join: { by: "product" } }, "second"))).toBe(2);
  expect(done).toEqual(["draw 1", "join 1 sum", "join 1 product"]);
  expect(notes).toEqual(["reused: draws", 'again: result (join.by: "sum", now "product")']);
});

it("names the combination that cannot be, before anything is done", async () => {
  const directory = join(mkdtempSync(join(tmpdir(), "sweep-any-")), "none");
  const done: string[] = [];
  const plan = { seeds: [1], settings: { "draw.cuont": [3] } };
  await expect(sweepRuns(systemOf(done), { draw: { count: 1 } }, plan, { directory, threads: 1 })).rejects.toThrow(
    /sweep, draw\.cuont-3-seed1: must be an experiment of draws[\s\S]*"cuont": perhaps "count" is meant/,
  );
  expect([done, existsSync(directory)]).toEqual([[], false]);
});
