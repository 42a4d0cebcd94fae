import { beforeAll, expect, it } from "vitest";
import type { ProgressEvent } from "../../src/core";
import { engine } from "../../src/engine";
import { lab } from "../../src/lab";
import { meanOf } from "../../src/retrain/compare/standard-error";
import { tinySupernet } from "./tiny";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});

it("lab.pareto over seeds trains each network for each, and gives means with standard errors over trainings", async () => {
  const { teacher, supernet } = await tinySupernet();
  const found = supernet.withScores(({ ops }) => ops.length).search();
  const [random] = found.random.atEqualMacs(1, { tolerance: 0.5 });
  const shrunk = teacher.shrunk({ macs: found.macs });
  const recipe = { epochs: 2, batchSize: 16 };
  const alone: number[] = [];
  for (const seed of [5, 6, 7]) {
    const student = await found.retrain({ ...recipe, seed });
    alone.push(await student.testAccuracy());
  }
  // The last of them is one of the trainings that are asked for: it is not done again.
  const events: ProgressEvent[] = [];
  const onProgress = (event: ProgressEvent) => void events.push(event);
  const front = await lab.pareto([teacher, found, random, shrunk], { ...recipe, seeds: [5, 6, 7] }, { onProgress });
  // One report over all of them, with the time left.
  expect(new Set(events.map(({ task }) => task))).toEqual(new Set(["retrain 8 networks"]));
  expect(events.at(-1)).toMatchObject({ done: 8, total: 8, unit: "networks", remainingMs: 0 });
  expect(events[0].remainingMs).toBeGreaterThan(0);
  const of = (kind: string) => front.networks.find((network) => network.kind === kind)!;
  const { mean, standardError } = meanOf(alone);
  expect(of("found").accuracy).toBeCloseTo(mean, 12);
  expect(of("found").standardError).toBeCloseTo(standardError, 12);
  for (const kind of ["found", "random", "shrunk"]) expect(of(kind).seeds).toEqual([5, 6, 7]);
  expect(of("teacher").seeds).toBeUndefined();
  expect(front.caveat).toBeUndefined();
  expect(front.verdict()).toContain("3 trainings of each network");
  expect(front.comparisons()[0].overRandom!.difference).toBeCloseTo(of("found").accuracy - of("random").accuracy, 12);
  await expect(lab.pareto([found], { seeds: [1, 1] })).rejects.toThrow(/seeds must be a list .* none twice/);
  await expect(lab.pareto([found], { seed: 1, seedss: [1] } as never)).rejects.toThrow(/did you mean seeds/);
  supernet.dispose();
  teacher.teacher.dispose();
});
