import { expect, test } from "vitest";
import { studentT95 } from "../../src/core/statistics";

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
