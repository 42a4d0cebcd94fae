import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { tinyExperiment } from "../systems/tiny-experiment";
import { blockwise } from "./blockwise";

const folder = mkdtempSync(join(tmpdir(), "cli-plan-"));
afterAll(() => rmSync(folder, { recursive: true }));
const runs = join(folder, "runs");
const file = join(folder, "tiny.json");
writeFileSync(file, JSON.stringify({ ...tinyExperiment, retrain: { ...tinyExperiment.retrain, random: 0 } }));

test("plan says steps, tasks, time, bytes and memory, and begins nothing; --dry-run is the same", async () => {
  const { code, out } = await blockwise("plan", file, "--runs-dir", runs, "--quiet");
  expect(code).toBe(0);
  expect(out).toMatch(/^step +state +tasks +time\nteacher +to do +16 batches +\d/);
  expect(out).toMatch(/runs\/tiny will take about .*, by a probe of /);
  expect(out).toMatch(/Disk: 45\.1kB of features, .* of checkpoints and networks, .* of results; .* are free\./);
  expect(out).toMatch(/Memory: .*B at the peak; there are .*B\./);
  const dry = await blockwise("run", file, "--runs-dir", runs, "--dry-run", "--json");
  expect(dry.code).toBe(0);
  expect(JSON.parse(dry.out)).toMatchObject({ run: join(runs, "tiny"), disk: { features: 45_056 } });
  expect(existsSync(runs)).toBe(false);
});

test("is refused where the disk or the memory lacks it, before anything is probed where that is known", async () => {
  for (const [options, message] of [
    [
      ["--disk", "10k"],
      /must have room for 45\.1kB of features, and has 10\.0kB; free space, choose another --runs-dir/,
    ],
    [["--memory", "1M"], /the run needs .*B of memory, and there are 1\.00MB; take fewer images/],
  ] as const) {
    const { code, err } = await blockwise("plan", file, "--runs-dir", runs, "--quiet", ...options);
    expect(err).toMatch(message);
    expect(code).toBe(1);
  }
  expect(existsSync(runs)).toBe(false);
});

test("run --smoke has the study come to its end at a tiny scale first, and then begins; planned again, all is done", async () => {
  const { code, out } = await blockwise("run", file, "--runs-dir", runs, "--smoke");
  expect(code).toBe(0);
  expect(out).toMatch(/^the same study at a tiny scale came to its end in .*\n.*tiny: a new run/);
  expect(readdirSync(runs)).toEqual(["tiny"]);
  // What a run has done takes no time any more.
  const { ms, steps } = JSON.parse((await blockwise("plan", file, "--runs-dir", runs, "--json")).out);
  expect([ms, new Set(steps.map(({ state }: { state: string }) => state))]).toEqual([0, new Set(["reused"])]);
  const limit = await blockwise("run", file, "--runs-dir", runs, "--disk", "1G");
  expect([limit.code, limit.err]).toEqual([2, expect.stringMatching(/--disk is of a plan/)]);
});

test("run --memory gives the bytes of a run without; too small a bound is refused with the least", async () => {
  const small = await blockwise("run", file, "--runs-dir", runs, "--name", "small", "--memory", "1M");
  expect([small.code, small.err]).toEqual([
    1,
    expect.stringMatching(/needs [\d.]+[MG]B at least, .* may take 1\.00MB/),
  ]);
  expect(existsSync(join(runs, "small"))).toBe(false);
  const { code, out, err } = await blockwise("run", file, "--runs-dir", runs, "--name", "bounded", "--memory", "60G");
  expect(code, err).toBe(0);
  expect(`${out}${err}`).toMatch(/at most 60\.00GB of memory: .*B are needed by a probe, .*B may be feature maps/);
  const ratings = (name: string) =>
    readdirSync(join(runs, name, "ratings")).map((rated) => readFileSync(join(runs, name, "ratings", rated), "utf8"));
  expect(ratings("bounded")).toEqual(ratings("tiny"));
});

test("an experiment of another system is refused, with what to do instead", async () => {
  const other = join(folder, "other.json");
  writeFileSync(other, JSON.stringify({ system: "trials" }));
  const plan = await blockwise("plan", other, "--runs-dir", runs);
  expect([plan.code, plan.err]).toEqual([2, expect.stringMatching(/plans block-wise experiments, .* start it with/)]);
  for (const option of [["--dry-run"], ["--smoke"], ["--disk", "1G"], ["--memory", "1G"]]) {
    const { code, err } = await blockwise("run", other, "--runs-dir", runs, ...option);
    expect([code, err]).toEqual([2, expect.stringMatching(new RegExp(`${option[0]} is of block-wise experiments`))]);
  }
});
