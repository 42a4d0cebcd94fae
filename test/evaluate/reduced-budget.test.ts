import fc from "fast-check";
import { expect, it } from "vitest";
import { budgetName, ConfigError, namedBudget, nominalCost, reducedBudget, stagesOf } from "../../src";

it("EcoNAS' chosen proxy is a quarter of channels and resolution, all samples, 60 of 600 epochs: 1/2560 of the cost", () => {
  const proxy = namedBudget("c4r4s0e60");
  expect(proxy).toEqual({ channels: 0.25, resolution: 0.25, samples: 1, epochs: 60, schedule: 60 });
  expect(1 / nominalCost(proxy, 600)).toBeCloseTo(2560, 6);
  // The paper's widths and sides by its rule of halving: those that the released code has are 9 and 8.
  expect([0, 1, 2, 3, 4].map((x) => Math.round(36 * namedBudget(`c${x}r0s0e1`).channels))).toEqual([36, 25, 18, 13, 9]);
  expect(Math.round(32 * proxy.resolution)).toBe(8);
});

it("a name stands for its budget, and each step of an index halves the cost", () => {
  const index = fc.integer({ min: 0, max: 8 });
  fc.assert(
    fc.property(
      index,
      index,
      index,
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 0, max: 50 }),
      (c, r, s, e, more) => {
        const name = `c${c}r${r}s${s}e${e}${more > 0 ? `of${e + more}` : ""}`;
        expect(budgetName(namedBudget(name))).toBe(name);
        expect(nominalCost(namedBudget(`c${c + 1}r${r}s${s}e${e}`), 600)).toBeCloseTo(
          nominalCost(namedBudget(name), 600) / 2,
          9,
        );
      },
    ),
  );
});

it("stages are equal parts under one schedule", () => {
  expect(stagesOf(namedBudget("c4r4s0e60"), 3).map(budgetName)).toEqual([
    "c4r4s0e20of60",
    "c4r4s0e40of60",
    "c4r4s0e60",
  ]);
  expect(() => stagesOf(namedBudget("c0r0s0e4"), 3)).toThrow(/4 epochs must be divided into stages of whole epochs/);
});

it("what is left out is as in the full training, and what cannot be is refused", () => {
  expect(reducedBudget({ channels: 0.5 }, 6)).toEqual({
    channels: 0.5,
    resolution: 1,
    samples: 1,
    epochs: 6,
    schedule: 6,
  });
  expect(() => reducedBudget({ chanels: 0.5 }, 6)).toThrow(/did you mean channels/);
  expect(() => reducedBudget({ samples: 1.5 }, 6)).toThrow(ConfigError);
  expect(() => reducedBudget({ samples: Number.NaN }, 6)).toThrow(ConfigError);
  expect(() => reducedBudget({ epochs: 4, schedule: 2 }, 6)).toThrow(/schedule must be at least the 4 epochs/);
  expect(() => namedBudget("c4r4")).toThrow(/e\.g\. "c4r4s0e60"/);
});
