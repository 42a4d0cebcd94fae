import fc from "fast-check";
import { expect, test } from "vitest";
import { Rng } from "../../src/core";
import { type FoundNetwork, foundNetwork, ratingTable, searchBest } from "../../src/search";
import { blockSpace, identity, mbconv, networkId } from "../../src/space";
import { bestExpected, calibrate } from "../../src/surrogate";

const shape = (size: number, channels: number) => ({ height: size, width: size, channels });
const space = blockSpace(
  [
    { input: shape(16, 1), output: shape(8, 8) },
    { input: shape(8, 8), output: shape(4, 16) },
  ],
  { ops: [identity, ...mbconv([3], [3, 6])], cells: (_block, { output }) => [{ depth: 2, width: output.channels }] },
);

/** A calibration by random accuracies of random networks, and all networks of the space. */
function drawn(seed: number) {
  const rng = new Rng(seed);
  const rated = ratingTable(space, () => 1 + rng.uniform());
  const [first, second] = rated.blocks;
  const all = first.flatMap((a) => second.map((b) => foundNetwork(rated, [a, b])));
  const evidence = Array.from({ length: 12 }, () => {
    const { choice } = all[Math.floor(rng.uniform() * all.length)];
    return { choice, accuracy: 0.8 + 0.1 * rng.uniform() };
  });
  return { calibration: calibrate(rated, evidence), table: rated, all, evidence };
}

test("the best expected network is that of greatest mean, half of a single training's own deviation added, of all within the budget", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (seed, place) => {
      const { calibration, table, all, evidence } = drawn(seed);
      const costs = all.map(({ cost }) => cost.macs!).sort((a, b) => a - b);
      const budget = { macs: costs[Math.floor(place * (costs.length - 1))] };
      const worthOf = ({ choice }: FoundNetwork) => {
        const mean = calibration.process.mean(calibration.choiceOf({ choice }));
        const own = evidence.filter((one) => networkId(one.choice as FoundNetwork["choice"]) === networkId(choice));
        if (own.length === 0) return mean;
        const measured = own.reduce((sum, { accuracy }) => sum + calibration.toScale(accuracy), 0) / own.length;
        return mean + (0.5 / (0.5 + 0.5 / own.length)) * (measured - mean);
      };
      const best = bestExpected(calibration, calibration.calibrated(table), budget);
      const within = all.filter(({ cost }) => cost.macs! <= budget.macs);
      expect(best.cost.macs).toBeLessThanOrEqual(budget.macs);
      expect(worthOf(best)).toBeCloseTo(Math.max(...within.map(worthOf)), 9);
    }),
    { numRuns: 30 },
  );
});

test("a trained network that did far better than its sum is the best, though its sum is not", () => {
  const { table, all } = drawn(1);
  const rng = new Rng(5);
  const [star, ...others] = all.filter((_, i) => i % 6 === 0);
  const evidence = others.map(({ choice }) => ({ choice, accuracy: 0.8 + 0.01 * rng.uniform() }));
  const calibration = calibrate(table, [...evidence, { choice: star.choice, accuracy: 0.95 }]);
  const calibrated = calibration.calibrated(table);
  const best = bestExpected(calibration, calibrated, {});
  expect(networkId(best.choice)).toBe(networkId(star.choice));
  expect(best.score).toBeGreaterThanOrEqual(searchBest(calibrated)[0].score);
});
