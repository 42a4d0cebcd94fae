import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  chainSpace,
  engine,
  type Outcome,
  reducedBudget,
  type StageState,
  spacePreset,
  stagesOf,
  syntheticDataset,
  tf,
  trainedAccuracy,
} from "../../src";
import { smallCellSpace } from "../../src/systems/econas";
import { evaluatorContract } from "../contract";

beforeAll(() => {
  engine.use("auto", { threads: 1 });
});
const folder = mkdtempSync(join(tmpdir(), "blockwise-trained-accuracy-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const data = syntheticDataset({
  count: 160,
  validationCount: 64,
  testCount: 32,
  classes: 10,
  shape: { height: 28, width: 28, channels: 1 },
});
const cells = smallCellSpace();
const training = { batchSize: 32, learningRate: 0.05 };
const options = { data, epochs: 3, training, seed: 1, test: true };
const budgets = [{ channels: 0.25, resolution: 0.25, samples: 0.5, epochs: 1 }];
const stable = ({ values, costs, fingerprint }: Outcome<StageState>) => ({ values, costs, fingerprint });

describe("trainedAccuracy", () => {
  const create = () => trainedAccuracy(cells, { ...options, epochs: 1, budgets });
  for (const { title, run } of evaluatorContract({ create, space: cells, values: ["validation", "test"], draws: 2 })) {
    it(title, run);
  }

  it("trains by stages to the bytes of a training that never paused, and counts each stage's own work", async () => {
    const evaluator = trainedAccuracy(cells, { ...options, states: join(folder, "stages") });
    const proxy = reducedBudget({ channels: 0.5, resolution: 0.5 }, 3);
    const stages: Outcome<StageState>[] = [];
    for (const stage of stagesOf(proxy, 3))
      stages.push(await evaluator.evaluate("013013", stage, stages.at(-1)?.state));
    const whole = await evaluator.evaluate("013013", proxy);
    expect(stages[2].values).toEqual(whole.values);
    expect(stages[2].fingerprint).toBe(whole.fingerprint);
    expect(stages.reduce((sum, { costs }) => sum + costs.trainingMacs, 0)).toBe(whole.costs.trainingMacs);
    expect(new Set(stages.map(({ fingerprint }) => fingerprint)).size).toBe(3);
    // Nothing goes on from the last one.
    expect(readdirSync(join(folder, "stages"))).toEqual([]);
  });

  it("goes on in a folder that was moved, and begins a stage anew whose weights are gone or damaged, with the same result and costs", async () => {
    const place = join(folder, "damaged");
    const evaluator = trainedAccuracy(cells, { ...options, states: place });
    const [first, second] = stagesOf(reducedBudget({ channels: 0.25, resolution: 0.5 }, 3), 3);
    const { state } = await evaluator.evaluate("000310", first);
    const rest = await evaluator.evaluate("000310", second, state);
    cpSync(place, join(folder, "moved"), { recursive: true });
    const moved = trainedAccuracy(cells, { ...options, states: join(folder, "moved") });
    expect(stable(await moved.evaluate("000310", second, state))).toEqual(stable(rest));
    rmSync(place, { recursive: true });
    expect(stable(await evaluator.evaluate("000310", second, state))).toEqual(stable(rest));
    writeFileSync(state!.file, "no weights");
    expect(stable(await evaluator.evaluate("000310", second, state))).toEqual(stable(rest));
    // The damaged file is kept aside.
    expect(readdirSync(place).some((name) => name.endsWith(".damaged"))).toBe(true);
  });

  it("goes on with a training that was stopped, to the result of one that was not", async () => {
    const place = join(folder, "stopped");
    const evaluator = trainedAccuracy(cells, { ...options, states: place });
    const stopped = evaluator.evaluate("130013", undefined, undefined, { signal: AbortSignal.abort() });
    await expect(stopped).rejects.toThrow(/stopped at 1 of/);
    expect(readdirSync(place)).toHaveLength(1);
    const whole = trainedAccuracy(cells, options);
    expect(stable(await evaluator.evaluate("130013"))).toEqual(stable(await whole.evaluate("130013")));
    expect(readdirSync(place)).toEqual([]);
  });

  it("serves chains of layers as cells: a share of channels and resolution costs less, and nothing stays allocated", async () => {
    const preset = spacePreset("dna-mini");
    const space = chainSpace(preset);
    const colour = syntheticDataset({
      count: 96,
      validationCount: 32,
      testCount: 16,
      classes: 10,
      shape: preset.input,
    });
    const evaluator = trainedAccuracy(space, { data: colour, epochs: 1, seed: 1, training });
    const a = space.decode(space.genes.map(() => 0));
    const before = tf.memory().numTensors;
    const full = await evaluator.evaluate(a);
    const half = await evaluator.evaluate(a, { channels: 0.5, resolution: 0.5 });
    expect(tf.memory().numTensors).toBe(before);
    expect(half.costs.macs).toBe(full.costs.macs);
    expect(half.costs.trainingMacs).toBeLessThan(full.costs.trainingMacs / 6);
  });

  it("says NaN of a training that diverged", async () => {
    const wild = trainedAccuracy(cells, { ...options, training: { batchSize: 32, learningRate: 1e30 } });
    expect((await wild.evaluate("333333", { resolution: 0.5 })).values.validation).toBeNaN();
  });

  it("refuses what it cannot spend", async () => {
    expect(() => trainedAccuracy(cells, { ...options, epochs: undefined as never })).toThrow(/epochs must be/);
    await expect(trainedAccuracy(cells, options).evaluate("000310", { resolution: 0 })).rejects.toThrow(
      /resolution must be/,
    );
  });
});
