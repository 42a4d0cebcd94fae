import { expect, test } from "vitest";
import { quantile, studentT95 } from "../../src/core/statistics";

test("a 95 % interval is as wide as Student's t distribution makes it", () => {
  // Quantiles as R's qt(0.975, freedom) prints them.
  const known = {
    1: 12.7062,
    2: 4.3027,
    9: 2.2622,
    10: 2.2281,
    11: 2.201,
    19: 2.093,
    30: 2.0423,
    49: 2.0096,
    1000: 1.9623,
  };
  for (const [freedom, t] of Object.entries(known)) expect(studentT95(Number(freedom))).toBeCloseTo(t, 2);
  for (let freedom = 2; freedom < 100; freedom++) expect(studentT95(freedom)).toBeLessThan(studentT95(freedom - 1));
});

test("quantiles lie between neighbours, as NumPy's do", () => {
  // numpy.quantile([1, 2, 4, 8], q) and of two values.
  expect([0, 0.1, 0.5, 0.9, 1].map((share) => Number(quantile([1, 2, 4, 8], share).toFixed(12)))).toEqual([
    1, 1.3, 3, 6.8, 8,
  ]);
  expect(quantile([1, 2], 0.5)).toBe(1.5);
  expect(quantile([3], 0.9)).toBe(3);
});
