import { kendallTauB } from "../../benchmark";
import { mean } from "../../core/statistics";
import type { StoredCsnas } from "../csnas";
import { type MeanInterval, meanInterval } from "../search-comparison";
import { controlKeys, type StoredSystems } from "./results-file";
import { SYSTEM_NAMES, type SystemName } from "./settings";
import { type SharedTable, sharedTable, trainingCosts } from "./shared-table";

/** What a choice comes to. */
export interface FoundSummary {
  /** Test accuracy (percent) in the table, over seeds of the search. */
  readonly test: MeanInterval;
  /** Points below the best test accuracy of the table. */
  readonly regret: MeanInterval;
  /** Test accuracy after other trainings: the mean over the search's seeds, over the trainings' seeds. */
  readonly again: MeanInterval;
  /** Below the network of the best validation accuracy, in the same trainings. */
  readonly behind: MeanInterval;
}

export interface SystemSummary extends FoundSummary {
  readonly system: SystemName;
  readonly seeds: number;
  /** Different networks that its seeds chose. */
  readonly choices: number;
  /** Trained for it, of any kind, a mean over seeds. */
  readonly networks: number;
  /** In trainings of the table's mean network. */
  readonly cost: MeanInterval;
  /** Test accuracy that random search is expected to have after as many trainings. */
  readonly random: number;
  /** Less that; its interval has the chance of the choices' single trainings in it, beside that of the search. */
  readonly ahead: MeanInterval;
}

export interface SystemsSummary {
  readonly networks: number;
  /** Processor seconds of a training of the table's mean network. */
  readonly unit: number;
  readonly systems: readonly SystemSummary[];
  readonly controls: readonly (FoundSummary & {
    readonly name: "largest network" | "best by validation" | "best by test";
    /** Equals, of which any would do. */
    readonly choices: number;
    readonly cost: number;
  })[];
  /** Expected of random search after 1, 2, ... trainings: test accuracy of its choice by validation. */
  readonly random: readonly number[];
  /** Standard deviation of a test accuracy over training seeds, points; from networks that were trained twice. */
  readonly noise: { readonly deviation: number; readonly networks: number };
  /** By seed: Kendall's tau-b of DNA's rating with test accuracies; the same of multiply-adds. */
  readonly ratings: { readonly dna: MeanInterval; readonly macs: number; readonly teacher: MeanInterval };
}

/** All figures, from the stored results and the table that they are of. */
export function summariseSystems(stored: StoredSystems, csnas: StoredCsnas): SystemsSummary {
  const table = sharedTable(csnas);
  const testOf = (key: string) => table.evaluator.entries.get(key)!.test;
  const random = expectedRandom(table);
  const controls = controlKeys(table);
  const best = testOf(controls.test[0]);
  const noise = noiseOf(csnas);
  const found = (choices: readonly string[]): FoundSummary => {
    const test = choices.map(testOf);
    const again = againOf(stored, choices);
    const rival = againOf(stored, controls.validation);
    return {
      test: meanInterval(test),
      regret: meanInterval(test.map((value) => best - value)),
      again: meanInterval(again),
      behind: meanInterval(again.map((value, seed) => rival[seed] - value)),
    };
  };
  // Equals are one choice, so that their spread is no interval.
  const ofEquals = (choices: readonly string[]): FoundSummary => {
    const test = mean(choices.map(testOf));
    return { ...found(choices), test: { mean: test }, regret: { mean: best - test } };
  };
  const all = [...table.evaluator.entries.values()];
  const actual = all.map(({ test }) => (Number.isNaN(test) ? -1 : test));
  return {
    networks: table.keys.length,
    unit: trainingCosts(table, stored.timed).unit,
    systems: SYSTEM_NAMES.map((system): SystemSummary => {
      const runs = stored.runs[system];
      const choices = runs.map(({ chosen }) => chosen);
      const cost = meanInterval(runs.map((run) => run.cost));
      const expected = random[Math.min(random.length, Math.max(1, Math.round(cost.mean))) - 1];
      return {
        system,
        seeds: runs.length,
        choices: new Set(choices).size,
        networks: mean(runs.map(({ networks }) => networks)),
        cost,
        ...found(choices),
        random: expected,
        ahead: withNoise(meanInterval(choices.map((key) => testOf(key) - expected)), noise, new Set(choices).size),
      };
    }),
    controls: [
      { name: "largest network", choices: controls.largest.length, cost: 0, ...ofEquals(controls.largest) },
      {
        name: "best by validation",
        choices: controls.validation.length,
        cost: all.length,
        ...ofEquals(controls.validation),
      },
      { name: "best by test", choices: controls.test.length, cost: all.length, ...ofEquals(controls.test) },
    ],
    random,
    noise,
    ratings: {
      dna: meanInterval(stored.dna.map(({ ratings }) => kendallTauB(ratings.map(closeness), actual))),
      macs: kendallTauB(
        all.map(({ macs }) => macs),
        actual,
      ),
      teacher: meanInterval(stored.dna.map(({ teacher }) => teacher)),
    },
  };
}

/** Higher is better; what was not finite is below all others. */
function closeness(losses: readonly number[]): number {
  const total = losses.reduce((all, loss) => all + loss, 0);
  return Number.isNaN(total) ? Number.NEGATIVE_INFINITY : -total;
}

/** By seed of the trainings: the mean test accuracy of some choices. */
function againOf({ again }: StoredSystems, choices: readonly string[]): number[] {
  return again[choices[0]].map((_, seed) => mean(choices.map((key) => again[key][seed][1])));
}

/**
 * What random search without repetition is expected to end at, exactly: the test accuracy of the best by validation of 1, 2, ... of
 * the networks; of equals any.
 */
export function expectedRandom({ evaluator }: Pick<SharedTable, "evaluator">): number[] {
  const measured = [...evaluator.entries.values()].map(({ validation, test }) => ({
    validation: Number.isNaN(validation) ? -1 : validation,
    test,
  }));
  const levels = [...new Set(measured.map(({ validation }) => validation))].sort((a, b) => a - b);
  const groups = levels.map((level) => {
    const equal = measured.filter(({ validation }) => validation === level);
    return {
      upTo: measured.filter(({ validation }) => validation <= level).length,
      test: mean(equal.map((one) => one.test)),
    };
  });
  const count = measured.length;
  return Array.from({ length: count }, (_, i) => {
    let below = 0;
    return groups.reduce((expected, { upTo, test }) => {
      const within = drawnWithin(upTo, count, i + 1);
      const share = within - below;
      below = within;
      return share === 0 ? expected : expected + share * test;
    }, 0);
  });
}

/** The probability that so many draws without repetition are all among the first ones. */
function drawnWithin(first: number, count: number, draws: number): number {
  return Array.from({ length: draws }, (_, i) => Math.max(0, first - i) / (count - i)).reduce(
    (all, one) => all * one,
    1,
  );
}

/** Half of a 95 % interval in standard deviations that are known well. */
const Z95 = 1.96;

/** Wider by what so many networks' accuracies, of one training each, vary. */
function withNoise(
  { mean: centre, interval: [low, high] = [centre, centre] }: MeanInterval,
  { deviation }: SystemsSummary["noise"],
  networks: number,
): MeanInterval {
  const half = Math.hypot((high - low) / 2, (Z95 * deviation) / Math.sqrt(networks));
  return { mean: centre, interval: [centre - half, centre + half] };
}

function noiseOf({ cells, again }: StoredCsnas): SystemsSummary["noise"] {
  const differences = Object.entries(again.labelled)
    .map(([key, [, test]]) => test - cells[key][2])
    .filter(Number.isFinite);
  // Of a difference of two trainings, which has twice the variance of one.
  const deviation = Math.sqrt(mean(differences.map((one) => one ** 2)) / 2);
  return { deviation, networks: differences.length };
}
