import { describe, expect, it } from "vitest";
import {
  ConfigError,
  nasBench201Cells,
  type Outcome,
  stagedEvaluations,
  stagedEvolution,
  type Trial,
} from "../../../src";

const space = nasBench201Cells();
const stages = [{ epochs: 20 }, { epochs: 40 }, { epochs: 60 }];
const full = { epochs: 600 };
const goal = { maximise: "accuracy", seed: 1 };

/** Better the more 3x3 convolutions, and never better by a longer training. */
function told({ key, budget }: Trial<string>): Outcome {
  const accuracy = [...key].filter((op) => op === "3").length + (Number(key) % 997) / 1e4;
  return { values: { accuracy }, costs: {}, fingerprint: `${key}/${budget?.epochs}` };
}

function run(options: Partial<Parameters<typeof stagedEvolution>[1]> = {}, outcome = told) {
  const searcher = stagedEvolution(space, { ...goal, stages, cycles: 4, final: full, ...options });
  const trials: Trial<string>[] = [];
  for (let asked = searcher.ask(100); asked.length > 0; asked = searcher.ask(100)) {
    for (const trial of asked) searcher.tell(trial, outcome(trial));
    trials.push(...asked);
  }
  return trials;
}

const epochsOf = ({ budget }: Trial<string>) => budget!.epochs;

describe("stagedEvolution", () => {
  it("fills a cycle as the released code does: 16 children, 8 and 4 promoted, 5 finalists", () => {
    const trials = run({ cycles: 3 });
    const cycles = [
      trials.slice(0, 16),
      trials.slice(16, 40),
      trials.slice(40, 68),
      trials.slice(68, 96),
      trials.slice(96),
    ];
    const counts = cycles.map((cycle) =>
      [20, 40, 60, 600].map((epochs) => cycle.filter((one) => epochsOf(one) === epochs).length),
    );
    expect(counts).toEqual([
      [16, 0, 0, 0],
      [16, 8, 0, 0],
      [16, 8, 4, 0],
      [16, 8, 4, 0],
      [0, 0, 0, 5],
    ]);
    expect(stagedEvaluations({ stages, cycles: 3 })).toBe(16 + 3 * 28 + 5);
    // 100 cycles, as published: 16 + 100 * 28 jobs of 20 epochs.
    expect(stagedEvaluations({ stages, cycles: 100, finalists: 0 })).toBe(2816);
  });

  it("promotes the best of a stage, each from its last trial, and none twice to one stage", () => {
    const trials = run();
    const byId = new Map(trials.map((trial) => [trial.id, trial]));
    const first = trials
      .slice(0, 16)
      .map((trial) => told(trial).values.accuracy)
      .sort((a, b) => b - a);
    const promoted = trials.slice(32, 40);
    expect(promoted.map((trial) => told(trial).values.accuracy)).toEqual(first.slice(0, 8));
    for (const trial of trials.filter(({ from }) => from !== undefined)) {
      const before = byId.get(trial.from!)!;
      expect(before.key).toBe(trial.key);
      expect(epochsOf(before)).toBe(epochsOf(trial) - 20);
    }
    const seen = trials.map((trial) => `${trial.key}/${epochsOf(trial)}`);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it("ends with the best of the last stage in the setting that counts", () => {
    const trials = run();
    const last = trials.filter((trial) => epochsOf(trial) === 60);
    const best = [...last].sort((a, b) => told(b).values.accuracy - told(a).values.accuracy).slice(0, 5);
    expect(trials.slice(-5).map(({ key }) => key)).toEqual(best.map(({ key }) => key));
    expect(trials.slice(-5).every(({ from }) => from === undefined)).toBe(true);
  });

  it("promotes nothing that diverged, and chooses none of it", () => {
    const isGood = (key: string) => key.startsWith("3");
    const outcome = (trial: Trial<string>) => ({
      ...told(trial),
      values: { accuracy: isGood(trial.key) ? told(trial).values.accuracy : Number.NaN },
    });
    const trials = run({ cycles: 8 }, outcome);
    expect(trials.filter((trial) => epochsOf(trial) > 20).every(({ key }) => isGood(key))).toBe(true);
  });

  it("is a plain evolution with one stage, and random search without a cycle", () => {
    const one = run({ stages: [{ epochs: 60 }], cycles: 2 });
    expect(one.map(epochsOf)).toEqual([...Array<number>(48).fill(60), ...Array<number>(5).fill(600)]);
    const random = run({ stages: [{ epochs: 60 }], cycles: 0, initial: 30 });
    expect(random).toHaveLength(35);
  });

  it("refuses stages that do not rise and lists that do not fit them", () => {
    expect(() => run({ stages: [...stages].reverse() })).toThrow(/stages must rise/);
    expect(() => run({ promoted: [8] })).toThrow(/promoted must have 2 numbers for 3 stages/);
    expect(() => run({ parents: [16] })).toThrow(/parents must have 3 numbers/);
    expect(() => stagedEvolution(space, { ...goal, stages } as never)).toThrow(ConfigError);
    expect(() => stagedEvolution(space, { ...goal, stages, cycles: 1, promotd: [1] } as never)).toThrow(
      /did you mean promoted/,
    );
  });
});
