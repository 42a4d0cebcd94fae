import type { Estimate } from "../../benchmark";
import type { MeanInterval } from "../../systems/search-comparison";

/** "0.84 (0.56 to 0.94)". */
export function estimateWords({ value, interval }: Pick<Estimate, "value" | "interval">, digits = 2): string {
  return meanWords({ mean: value, interval }, digits);
}

/** "3.87 (0.89 to 6.85)"; of one value, which has no interval, that alone. */
export function meanWords({ mean, interval }: MeanInterval, digits = 2): string {
  if (!interval) return mean.toFixed(digits);
  return `${mean.toFixed(digits)} (${interval.map((end) => end.toFixed(digits)).join(" to ")})`;
}
