import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { makespan, simulate } from "../../bench/simulate";
import { simulationText } from "../../bench/simulate-text";

const root = join(__dirname, "../..");

it("docs/scale.md says what the stored simulation has, and that is what the measured rates give", () => {
  const stored = JSON.parse(readFileSync(join(root, "bench/results/simulate.json"), "utf8"));
  expect(simulate()).toEqual(stored);
  expect(readFileSync(join(root, "docs/scale.md"), "utf8")).toContain(simulationText(stored));
});

it("the teacher's cuts have the multiply-adds of EfficientNet-B7 at 224 pixels, growing block by block", () => {
  const prefixes = simulate().blocks.map(({ prefixMacs }) => prefixMacs);
  expect(prefixes).toEqual([...prefixes].sort((a, b) => a - b));
  // 37 G at 600 pixels (Tan and Le, ICML 2019, table 2); convolutions grow with the area.
  expect(prefixes[5] / 1e9).toBeGreaterThan(0.85 * 37 * (224 / 600) ** 2);
  expect(prefixes[5] / 1e9).toBeLessThan(1.05 * 37 * (224 / 600) ** 2);
});

it("no plan is shorter than the longest task or the work divided, nor twice as long as that", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 20 }),
      (tasks, workers) => {
        const least = Math.max(...tasks, tasks.reduce((sum, task) => sum + task, 0) / workers);
        expect(makespan(tasks, workers)).toBeGreaterThanOrEqual(least - 1e-9);
        // List scheduling (Graham, 1966).
        expect(makespan(tasks, workers)).toBeLessThanOrEqual((2 - 1 / workers) * least + 1e-9);
      },
    ),
  );
});
