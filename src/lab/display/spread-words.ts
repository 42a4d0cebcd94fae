import type { Spread } from "../../benchmark/ranking";

/** "1.23 (0.49 to 1.64)": the mean of some runs and the middle 95 % of them. */
export function spreadWords({ mean, low, high }: Spread, digits: number): string {
  return `${mean.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
